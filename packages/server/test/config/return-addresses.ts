const [taken, refused] = [true, false]

/** Addresses to return to, and whether a web and a native client may have them while the issuer is on loopback. */
export const returnAddresses: readonly [address: string, web: boolean, native: boolean][] = [
  ['https://a.example/cb?way=out', taken, taken],
  ['http://a.example/cb', refused, refused],
  ['http://127.0.0.1:4001/cb', taken, taken],
  ['http://localhost:4001/cb', taken, taken],
  ['http://[::1]/cb', taken, taken],
  ['http://news.localhost:4001/cb', taken, refused],
  ['https://localhost/cb', taken, refused],
  ['no.example.app:/cb', refused, taken],
  ['spid-4d1cc5://login', refused, taken],
  ['javascript:alert(1)', refused, refused],
  ['JavaScript:alert(1)', refused, refused],
  ['data:text/html,x', refused, refused],
  ['vbscript:x', refused, refused],
  ['file:///etc/passwd', refused, refused],
  ['blob:https://a.example/x', refused, refused],
  ['about:blank', refused, refused],
  ['https://a.example/cb#part', refused, refused],
  ['https://a.example/cb#', refused, refused],
  ['https://*.a.example/cb', refused, refused],
  ['https://user:password@a.example/cb', refused, refused],
  ['https://a.example/\nSet-Cookie: x', refused, refused],
  ['/cb', refused, refused],
  ['//a.example/cb', refused, refused],
  ['https://a.example/æ', refused, refused]
]
