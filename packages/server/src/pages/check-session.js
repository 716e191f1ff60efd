// Tells pages of other sites whether the OP browser state is still the one of their session_state (Session Management
// 1.0 §3.2). Plain and without crypto.subtle: that is missing where a page is not secure, and in some test browsers.
;(() => {
  const cookieName = '__Host-utgang-state'
  // A client's id (RFC 6749 §A.1, which allows spaces), the last space, the hash, a dot and the salt.
  const question = /^([\x20-\x7e]+) ([0-9a-f]{64})\.([0-9a-f]{32})$/

  addEventListener('message', event => {
    // An opaque origin cannot be named, so nothing could be sent to it alone; a page that is gone hears nothing.
    if (event.origin === 'null' || !event.source) return
    const reply = answer => event.source.postMessage(answer, event.origin)
    const asked = typeof event.data === 'string' ? question.exec(event.data) : null
    if (asked === null) return reply('error')
    const state = browserState()
    if (state === undefined) return whyUnseen(reply)
    const [, clientId, hash, salt] = asked
    return reply(sha256([clientId, event.origin, state, salt].join(' ')) === hash ? 'unchanged' : 'changed')
  })

  function browserState() {
    const found = cookies().filter(it => it.indexOf(`${cookieName}=`) === 0)
    return found.length === 1 ? found[0].slice(cookieName.length + 1) : undefined
  }

  function cookies() {
    try {
      return document.cookie.split('; ')
    } catch (_) {
      // A frame in a sandbox is not allowed to ask.
      return []
    }
  }

  /**
   * Where the browser shows its cookies and this one is gone, the session is over. Where it keeps them back from frames on
   * other sites nothing is known, and "changed" would have the application ask the server again and again (§5.1).
   */
  function whyUnseen(reply) {
    if (!document.hasStorageAccess) return reply('error')
    return document.hasStorageAccess().then(
      seen => reply(seen ? 'changed' : 'error'),
      () => reply('error')
    )
  }

  /** SHA-256 (FIPS 180-4) of a text of ASCII characters, in hexadecimal. */
  function sha256(text) {
    const words = []
    const bits = text.length * 8
    for (let i = 0; i < text.length; i++) words[i >> 2] |= text.charCodeAt(i) << (24 - (i % 4) * 8)
    words[bits >> 5] |= 0x80 << (24 - (bits % 32))
    const last = (((bits + 64) >> 9) << 4) + 15
    words[last] = bits
    const sums = initial.slice()
    const w = []
    for (let block = 0; block < last; block += 16) {
      let [a, b, c, d, e, f, g, h] = sums
      for (let i = 0; i < 64; i++) {
        if (i < 16) w[i] = words[block + i] | 0
        else {
          const x = w[i - 15]
          const y = w[i - 2]
          const small0 = turn(x, 7) ^ turn(x, 18) ^ (x >>> 3)
          const small1 = turn(y, 17) ^ turn(y, 19) ^ (y >>> 10)
          w[i] = (w[i - 16] + small0 + w[i - 7] + small1) | 0
        }
        const big1 = turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)
        const t1 = h + big1 + ((e & f) ^ (~e & g)) + constants[i] + w[i]
        const big0 = turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)
        const t2 = big0 + ((a & b) ^ (a & c) ^ (b & c))
        h = g
        g = f
        f = e
        e = (d + t1) | 0
        d = c
        c = b
        b = a
        a = (t1 + t2) | 0
      }
      const added = [a, b, c, d, e, f, g, h]
      for (let i = 0; i < 8; i++) sums[i] = (sums[i] + added[i]) | 0
    }
    return sums.map(it => `0000000${(it >>> 0).toString(16)}`.slice(-8)).join('')
  }

  function turn(word, by) {
    return (word >>> by) | (word << (32 - by))
  }

  /** The first 32 bits of the fractional part of a root. */
  function fraction(root) {
    return ((root - Math.floor(root)) * 0x100000000) | 0
  }

  // FIPS 180-4 §4.2.2, §5.3.3: made of the roots of the first primes.
  const constants = []
  const initial = []
  for (let n = 2; constants.length < 64; n++) {
    let prime = true
    for (let d = 2; d * d <= n; d++) if (n % d === 0) prime = false
    if (!prime) continue
    if (initial.length < 8) initial.push(fraction(Math.sqrt(n)))
    constants.push(fraction(Math.cbrt(n)))
  }
})()
