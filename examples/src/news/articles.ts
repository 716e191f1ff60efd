/** One article. */
export interface Article {
  slug: string
  section: 'Harbour' | 'City' | 'Culture' | 'Outdoors'
  title: string
  lead: string
  author: string
  minutes: number
  /** File name of its picture, without the ending, and what is on it. */
  picture: string
  alt: string
  /** Only for readers who are signed in. */
  forMembers?: boolean
  body: readonly string[]
}

/** Today's paper, the lead story first. */
export const articles: readonly Article[] = [
  {
    slug: 'night-ferry',
    section: 'Harbour',
    title: 'The last night ferry has learned to wait',
    lead: 'For forty years the 23:40 left on the minute, whoever was still running along the quay. From this week the captain may hold it for five.',
    author: 'Ingrid Solheim',
    minutes: 4,
    picture: 'ferry',
    alt: 'A ferry crossing a dark fjord under a full moon',
    body: [
      'The rule was simple, and everybody on the islands knew it by heart. At 23:40 the ramp went up. Nurses coming off a late shift, musicians with a double bass, a father with a sleeping child over his shoulder: whoever was not aboard watched the lights grow smaller.',
      '“We were proud of being on time,” says captain Berit Aune, who has steered the crossing since she was twenty-six. “But nobody on board was ever in a hurry. The only people who were in a hurry were the ones we left behind.”',
      'The new timetable gives her five minutes to spend as she sees fit. In the first three nights she used them twice. The ferry arrived two minutes late on one of them, and no passenger complained.',
      'The county will look at the numbers in spring. The islanders have made up their minds already: somebody has painted a small bench on the quay, facing the water, and on its back it says “No need to run”.'
    ]
  },
  {
    slug: 'library-doors',
    section: 'City',
    title: 'Library opens a second door, and loses nobody',
    lead: 'Architects feared that visitors would slip out unseen. They did, and came back more often.',
    author: 'Jonas Lie Berg',
    minutes: 3,
    picture: 'library',
    alt: 'Shelves of coloured books around an open door',
    body: [
      'A public building, the old wisdom goes, needs one good entrance. The city library has had one since 1931: oak, heavy, and beside a desk from which every guest was greeted on the way in and looked over on the way out.',
      'The new door leads straight from the reading room into the park. There is no desk and no turnstile, only a sill worn smooth in six months. “People leave when they want to leave,” says the head librarian. “It turns out that this is what makes them stay.”',
      'Lending is up by a fifth. Not one book more than usual has gone missing.'
    ]
  },
  {
    slug: 'bakery-four-oclock',
    section: 'City',
    title: 'What the baker knows at four in the morning',
    lead: 'Before the trams, before the papers, one window on Strandgata is lit.',
    author: 'Marte Dahl',
    minutes: 5,
    picture: 'bakery',
    alt: 'A lit bakery window in a dark street',
    body: [
      'The dough has been resting since yesterday. So, more or less, has Elif Demir, who goes to bed when her children do and gets up when the last guests leave the bar across the street.',
      '“We nod to each other,” she says. “They are going home and I am going to work, and for one minute we are in the same day.”',
      'By six the queue reaches the corner. By nine the cardamom buns are gone.'
    ]
  },
  {
    slug: 'lighthouse',
    section: 'Culture',
    title: 'A lighthouse keeper’s notes on leaving the light on',
    lead: 'The lamp has been automatic since 1987. A newly found diary shows how hard it was to let it be.',
    author: 'Aksel Thorsen',
    minutes: 6,
    picture: 'lighthouse',
    alt: 'A lighthouse with a wide beam over the sea',
    forMembers: true,
    body: [
      'The diary was in a biscuit tin, under a floorboard that the carpenters nearly threw away. It covers eleven years, in pencil, one line a day, most of them about the wind.',
      'On the last page the handwriting changes. “They have shown me the switch,” it says. “It turns itself. I have counted the flashes for an hour and they were right every time. I do not know what I was expecting.”',
      'The following entry is the shortest of all: “Slept until seven.”'
    ]
  },
  {
    slug: 'ridge-walk',
    section: 'Outdoors',
    title: 'The ridge walk that ends where it should',
    lead: 'Seven hours, three summits, and for the first time a marked path back down.',
    author: 'Sunniva Moe',
    minutes: 4,
    picture: 'mountain',
    alt: 'Blue mountains with snow and a low sun',
    body: [
      'Every guidebook describes the way up. The volunteers of the hiking club spent last summer on the other half: two hundred cairns, a rope at the wet slab, and a sign at the fork where so many went wrong.',
      '“A tour is over when you are at the bus stop,” says their leader. “Not on the summit. On the summit you are half-way.”'
    ]
  },
  {
    slug: 'harbour-swim',
    section: 'Harbour',
    title: 'Clean enough to swim in, says the harbour, and jumps first',
    lead: 'After nine years of dredging the mayor kept her promise. The water was eleven degrees.',
    author: 'Ingrid Solheim',
    minutes: 2,
    picture: 'swim',
    alt: 'Waves and a red buoy in front of harbour houses',
    body: [
      'She had said that she would be the first one in, and she was, in a borrowed bathing cap, in front of some four hundred people and one surprised swan.',
      'The measurements have been below the limit since May. A ladder, a ring and a bench are in place; a changing hut follows in the autumn.'
    ]
  },
  {
    slug: 'choir',
    section: 'Culture',
    title: 'The choir that sings people home',
    lead: 'When the concert hall closes, twelve amateurs stand in the stairs and hum until the last coat is gone.',
    author: 'Marte Dahl',
    minutes: 3,
    picture: 'choir',
    alt: 'A row of singers with song sheets on a stair',
    body: [
      'It began as a mistake. The lights had gone up too early, nobody knew whether it was over, and somebody in the second row of altos started a lullaby.',
      'Now it is part of the evening. There is no programme and no applause. “An ending that you can hear,” says the conductor, “is one that you do not have to check.”'
    ]
  }
]
