import { html } from '../markup.ts'
import type { Strings } from './en.ts'

/** Norwegian Bokmål. */
export const nb: Strings = {
  tagline: 'Én innlogging for mange nettsteder. Én vei ut.',
  frontPage: 'Forsiden',
  signOut: 'Logg ut',
  theApplication: 'tjenesten',
  errorPrefix: 'Feil:',
  signedInAs: 'Logget inn som',

  signIn: {
    title: 'Logg inn',
    to: client => html`for å gå videre til ${client}`,
    login: 'E-post',
    password: 'Passord',
    remember: 'Hold meg innlogget på denne enheten',
    rememberHint: 'Slå dette av på en maskin du deler med andre.',
    submit: 'Logg inn',
    newHere: 'Ny her?',
    signUp: 'Opprett en konto',
    cancel: client => html`Avbryt og gå tilbake til ${client}`,
    already: 'Du er allerede logget inn. Logg inn på nytt for å gå videre, eller logg inn som noen andre.',
    invalidCredentials: 'E-posten og passordet hører ikke sammen. Sjekk begge og prøv igjen.',
    tooManyAttempts: wait => `For mange forsøk med feil passord. Prøv igjen om ${wait}.`,
    tooManyAttemptsLater: 'For mange forsøk med feil passord. Vent litt og prøv igjen.',
    failed: 'Det gikk ikke. Prøv igjen.'
  },

  signUp: {
    title: 'Opprett en konto',
    to: client => html`for å gå videre til ${client}`,
    name: 'Navn',
    nameHint: 'Det nettstedene du logger inn på, kan kalle deg.',
    email: 'E-post',
    password: 'Passord',
    passwordHint: length => `Minst ${length} tegn. Noen ord du husker, er helt fint.`,
    submit: 'Opprett konto',
    haveOne: 'Har du en konto?',
    signIn: 'Logg inn',
    check: 'Se over dette en gang til:',
    problems: {
      email: {
        required: 'Skriv inn e-postadressen din.',
        invalid: 'Skriv inn en hel e-postadresse, for eksempel navn@example.org.',
        too_short: 'Skriv inn en hel e-postadresse, for eksempel navn@example.org.',
        too_long: 'Skriv inn en hel e-postadresse, for eksempel navn@example.org.'
      },
      name: {
        required: 'Skriv inn navnet ditt.',
        invalid: 'Skriv inn navnet ditt.',
        too_short: 'Skriv inn navnet ditt.',
        too_long: 'Skriv inn et kortere navn.'
      },
      password: {
        required: 'Velg et passord.',
        invalid: 'Velg et annet passord.',
        too_short: 'Velg et lengre passord.',
        too_long: 'Velg et kortere passord.'
      }
    }
  },

  signUpCheck: {
    title: 'Nå kan du logge inn',
    received: 'Vi har det vi trenger.',
    newAddress: 'Var adressen ny her, har den fått en konto nå: Logg inn med passordet du valgte.',
    knownAddress:
      'Hadde den en konto fra før, er ingenting endret: Logg inn med passordet du har brukt tidligere.',
    signIn: 'Gå til innlogging'
  },

  consent: {
    title: client => html`Slippe inn ${client}?`,
    plainTitle: client => `Slippe inn ${client}?`,
    asks: client => html`${client} ber om dette:`,
    site: 'Den oppgir at nettstedet er',
    scopes: {
      openid: 'Vite at det er deg når du kommer tilbake',
      profile: 'Se navnet ditt og resten av profilen din',
      email: 'Se e-postadressen din',
      address: 'Se postadressen din',
      phone: 'Se telefonnummeret ditt',
      offline_access: 'Beholde tilgangen når du er borte, også etter at du har logget ut'
    },
    otherScope: scope => html`Bruke ${scope}`,
    remembered: 'Svaret ditt blir husket, og utlogging trekker det ikke tilbake.',
    allow: 'Tillat',
    deny: 'Ikke tillat'
  },

  selectAccount: {
    title: 'Velg konto',
    to: client => html`for å gå videre til ${client}`,
    continueAs: name => html`Fortsett som ${name}`,
    other: 'Bruk en annen konto'
  },

  switchAccount: {
    title: 'Bytte konto?',
    oneAtATime: 'Bare én person om gangen kan være logget inn i en nettleser.',
    out: 'Blir logget ut',
    in: 'Blir logget inn',
    ends: from =>
      html`Går du videre, avsluttes innloggingen til ${from} i denne nettleseren, for alle nettstedene som deler den. Andre enheter blir som de er.`,
    submit: from => html`Logg ut ${from} og gå videre`,
    stay: from => html`La ${from} være logget inn`
  },

  confirmLogout: {
    title: 'Logge ut?',
    asked: client => html`${client} ber om å få logge deg ut.`,
    ends: 'Dette avslutter innloggingen din i denne nettleseren, for alle nettstedene som deler den. Andre enheter forblir innlogget.',
    confirm: 'Logg ut',
    stay: 'Forbli innlogget'
  },

  signedOut: {
    title: 'Du er logget ut',
    ended: 'Innloggingen din i denne nettleseren er avsluttet.',
    nobody: 'Ingen er logget inn i denne nettleseren.',
    mismatch: client =>
      html`${client} ville sende deg videre til en adresse som ikke er registrert, så vi stopper her.`,
    mismatchUnknown:
      'Du skulle vært sendt videre til en adresse som ikke er registrert, så vi stopper her. Du kan lukke dette vinduet.',
    goTo: client => html`Gå til ${client}`
  },

  frontChannel: {
    title: 'Du er logget ut',
    asking: 'Disse nettstedene blir nå bedt om å logge deg ut også, gjennom nettleseren din.',
    wereAsked: 'Disse nettstedene ble bedt om å logge deg ut også, gjennom nettleseren din.',
    unsure:
      'Om de har gjort det, kan vi ikke se: Noen nettlesere hindrer dem i å kjenne deg igjen her. Er du i tvil, logg ut der også.',
    goOn: 'Gå videre',
    goTo: client => html`Gå videre til ${client}`
  },

  receipt: {
    title: 'Kvittering',
    what: 'Dette ble avsluttet',
    nothing: 'Ingenting: Det var ikke noe igjen å avslutte.',
    sessions: count =>
      count === 1
        ? 'Innloggingen i denne nettleseren, og tilgangen tjenester har gjennom den'
        : `${count} innlogginger, og tilgangen tjenester har gjennom dem`,
    tokensRevoked: 'Tilgangen som en tjeneste leverte tilbake sammen med forespørselen',
    kept: 'Annen tilgang som tjenester har på dine vegne, varer til den går ut eller blir trukket tilbake.',
    applications: 'Tjenester i denne innloggingen',
    noApplications: 'Ingen tjeneste var med i denne innloggingen.',
    more: (count: number) => `Og ${count} til.`,
    states: {
      delivered: { label: 'Har fått beskjed', text: 'Den har bekreftet at den vet det.' },
      queued: {
        label: 'Har ikke fått beskjed ennå',
        text: 'En beskjed til den venter; den er ikke sendt.'
      },
      trying: {
        label: 'Ikke nådd ennå',
        text: 'Den kunne ikke få beskjed ennå. Vi prøver igjen, i inntil tre døgn.'
      },
      requested: {
        label: 'Bedt om det',
        text: 'Den ble bedt om det gjennom nettleseren din, som kan ha hindret den i å kjenne deg igjen. Er du i tvil, logg ut der også.'
      },
      not_requested: {
        label: 'Ikke bedt om det',
        text: 'Den kan bare bli bedt om det av en side i nettleseren din, og denne gangen var det ingen. Logg ut der også.'
      },
      none: {
        label: 'Får ikke beskjed',
        text: 'Den har ikke bedt om beskjed og kan fortsatt vise deg som innlogget. Logg ut der også.'
      },
      refused: {
        label: 'Avvist',
        text: 'Den fikk beskjed og svarte at den ikke kunne følge den. Logg ut der også.'
      },
      unclear: {
        label: 'Uklart',
        text: 'Den fikk beskjed, men om den har fulgt den, vet vi ikke. Logg ut der også.'
      },
      gave_up: { label: 'Ikke nådd', text: 'Den kunne ikke få beskjed. Logg ut der også.' },
      superseded: { label: 'Trengs ikke', text: 'Du har logget inn der igjen siden.' },
      unknown: { label: 'Ukjent', text: 'Vi vet ikke hvordan det står til. Logg ut der også.' }
    },
    progress: (confirmed, of) => {
      if (of === 1)
        return `Det ene nettstedet som får vite det, har ${confirmed ? 'bekreftet' : 'ikke bekreftet ennå'}.`
      if (confirmed === 0) return `Ingen av de ${of} nettstedene har bekreftet ennå.`
      if (confirmed === of)
        return `${of === 2 ? 'Begge' : `Alle ${of}`} nettstedene som får vite det, har bekreftet.`
      return `${confirmed} av ${of} nettsteder har bekreftet.`
    },
    reload: 'Last siden på nytt senere for å se hvordan det står til.',
    number: 'Kvitteringsnummer'
  },

  error: {
    detail: 'Til den som skal finne ut av det',
    code: 'Kode',
    description: 'Detalj',
    requestId: 'Forespørsel',
    stillSignedIn: 'Du er fortsatt logget inn. Du kan logge ut her likevel.',
    confirm: 'Logg ut',
    unknown: {
      title: 'Det gikk ikke',
      happened: 'Nettstedet eller appen som sendte deg hit, ba om noe vi ikke kan gjøre.',
      next: 'Gå tilbake dit og prøv igjen. Skjer det på nytt, si fra til dem som står bak.'
    },
    codes: {
      access_denied: {
        title: 'Ikke tillatt',
        happened: 'Dette ble avslått, så ingenting er delt.',
        next: 'Gå tilbake til nettstedet eller appen du kom fra.'
      },
      client_id_required: {
        title: 'Hvem spør?',
        happened: 'Noen ville logge deg ut og sende deg videre, men sa ikke hvilken tjeneste det er.',
        next: 'Ingenting er avsluttet.'
      },
      client_mismatch: {
        title: 'Dette henger ikke sammen',
        happened: 'Forespørselen om å logge deg ut nevner to forskjellige tjenester.',
        next: 'Ingenting er avsluttet.'
      },
      csrf_failed: {
        title: 'Gjør det en gang til',
        happened: 'Skjemaet kom fra et annet nettsted, eller fra en side som gjaldt en annen innlogging.',
        next: 'Ingenting er endret. Åpne siden på nytt og send skjemaet derfra.'
      },
      duplicate_parameter: {
        title: 'Sagt to ganger',
        happened: 'Adressen som førte deg hit, sier det samme to ganger, og vi gjetter ikke.',
        next: 'Ingenting er endret. Gå tilbake til nettstedet eller appen og prøv igjen.'
      },
      invalid_hint: {
        title: 'Vi kjenner ikke denne innloggingen',
        happened: 'Forespørselen om å logge deg ut har med et bevis som ikke er utstedt av oss.',
        next: 'Ingenting er avsluttet.'
      },
      invalid_redirect_uri: {
        title: 'Vi kan ikke sende deg tilbake',
        happened: 'Adressen du skulle tilbake til, er ikke en som tjenesten har registrert.',
        next: 'Gå tilbake til nettstedet eller appen selv, og si fra til dem som står bak.'
      },
      invalid_request: {
        title: 'Noe mangler',
        happened: 'Forespørselen som førte deg hit, mangler noe eller inneholder noe umulig.',
        next: 'Gå tilbake til nettstedet eller appen og prøv igjen. Skjer det på nytt, si fra til dem som står bak.'
      },
      method_not_allowed: {
        title: 'Ikke på den måten',
        happened: 'Denne adressen kan ikke brukes slik.',
        next: 'Begynn på nytt fra nettstedet eller appen du kom fra.'
      },
      not_found: {
        title: 'Her er det ingenting',
        happened: 'Det finnes ingen side på denne adressen.',
        next: 'Sjekk adressen, eller begynn på nytt fra forsiden.'
      },
      redirect_uri_mismatch: {
        title: 'Du er logget ut',
        happened: 'Du er logget ut, men adressen du skulle til, er ikke en som tjenesten har registrert.',
        next: 'Du kan lukke dette vinduet.'
      },
      request_expired: {
        title: 'Denne siden er for gammel',
        happened:
          'Den har stått åpen for lenge, den er allerede brukt, eller nettleseren din lagrer ikke informasjonskapslene våre.',
        next: 'Begynn på nytt fra nettstedet eller appen du kom fra.'
      },
      server_error: {
        title: 'Noe gikk i stykker her',
        happened: 'Det er vår feil og ikke din.',
        next: 'Prøv igjen om en liten stund. Skjer det på nytt, oppgi forespørselsnummeret nedenfor.'
      },
      storage_unavailable: {
        title: 'Ikke akkurat nå',
        happened: 'Vi fikk ikke lagret det, så ingenting er endret, og ingen har fått beskjed om noe.',
        next: 'Du kan trygt prøve igjen.'
      },
      overloaded: {
        title: 'Ikke akkurat nå',
        happened: 'Svært mange logger inn akkurat nå, så vi rakk ikke deg.',
        next: 'Prøv igjen om et øyeblikk.'
      },
      too_many_attempts: {
        title: 'En liten pause',
        happened: 'Det har vært for mange forsøk med feil passord.',
        next: 'Vent litt og prøv igjen. Ingen blir stengt ute for godt.'
      },
      too_many_requests: {
        title: 'En liten pause',
        happened: 'Det kom for mange forespørsler fra der du er.',
        next: 'Vent litt og prøv igjen.'
      },
      unknown_client: {
        title: 'Vi kjenner ikke denne tjenesten',
        happened: 'Nettstedet eller appen som sendte deg hit, er ikke registrert hos oss.',
        next: 'Gå tilbake dit, og si fra til dem som står bak.'
      }
    }
  },

  home: {
    titleSignedIn: 'Du er logget inn',
    titleSignedOut: 'Ingen er logget inn',
    signedIn: 'Nettstedene og appene som bruker denne innloggingen, kjenner deg i denne nettleseren.',
    signedOut:
      'Du logger inn fra nettstedet eller appen du vil bruke. Derfra kommer du hit, og du kommer tilbake dit.'
  }
}
