/** One thing for sale. */
export interface Listing {
  id: string
  title: string
  category: 'Home' | 'Outdoors' | 'Music' | 'Bicycles'
  /** In kroner. */
  price: number
  place: string
  seller: string
  phone: string
  text: string
}

/** Everything for sale, newest first. The picture of each has the name of its id. */
export const listings: readonly Listing[] = [
  {
    id: 'bicycle',
    title: 'Touring bicycle, 56 cm',
    category: 'Bicycles',
    price: 4200,
    place: 'Bergen',
    seller: 'Håkon',
    phone: '55 50 01 41',
    text: 'Steel frame, new chain, two panniers that have seen the Lofoten in rain. Sold because my knees have asked me to.'
  },
  {
    id: 'armchair',
    title: 'Reading armchair in green wool',
    category: 'Home',
    price: 1800,
    place: 'Trondheim',
    seller: 'Solveig',
    phone: '73 50 02 17',
    text: 'One owner, about four hundred novels. The left arm is a little flatter than the right, from the cat.'
  },
  {
    id: 'tent',
    title: 'Three-season tent for two',
    category: 'Outdoors',
    price: 1450,
    place: 'Tromsø',
    seller: 'Ánte',
    phone: '77 50 03 88',
    text: 'Stood through one real storm and has nothing left to prove. All pegs are there; two are new.'
  },
  {
    id: 'guitar',
    title: 'Steel-string guitar, spruce top',
    category: 'Music',
    price: 2900,
    place: 'Oslo',
    seller: 'Mina',
    phone: '22 50 04 52',
    text: 'Bright, easy to play, a small scratch behind the bridge. With bag, capo and a song book that I know by heart.'
  },
  {
    id: 'lamp',
    title: 'Desk lamp with a brass arm',
    category: 'Home',
    price: 650,
    place: 'Stavanger',
    seller: 'Petter',
    phone: '51 50 05 09',
    text: 'From a drawing office that moved to screens. Stays where you put it. New cable, plug and bulb.'
  },
  {
    id: 'skis',
    title: 'Mountain skis, 195 cm, with skins',
    category: 'Outdoors',
    price: 2100,
    place: 'Voss',
    seller: 'Guro',
    phone: '56 50 06 73',
    text: 'Steel edges, waxed last week. Bindings take normal boots up to size 44.'
  },
  {
    id: 'cargo-bike',
    title: 'Cargo bike with rain cover',
    category: 'Bicycles',
    price: 18500,
    place: 'Oslo',
    seller: 'Familien Ly',
    phone: '22 50 07 30',
    text: 'Has carried two children, four chairs and one Christmas tree, though not at the same time. Serviced in spring.'
  },
  {
    id: 'kettle',
    title: 'Enamel coffee kettle, 1.5 litres',
    category: 'Home',
    price: 240,
    place: 'Røros',
    seller: 'Torbjørn',
    phone: '72 50 08 64',
    text: 'For the stove or the fire. One chip at the spout, honestly come by.'
  }
]

/** The categories, in the order in which they are shown. */
export const categories = ['Home', 'Outdoors', 'Music', 'Bicycles'] as const
