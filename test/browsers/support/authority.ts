// The library below needs it, and leaves it to its users.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

/** A certificate for some names, from an authority that lives as long as the test, with what browsers need to trust it. */
export interface Certificate {
  /** Private key and certificate, PEM. */
  key: string
  cert: string
  /** SHA-256 of the public key, base64: Chromium takes a certificate with this key as it is. */
  keyHash: string
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 86_400_000

/** Makes a key and a certificate for these names, signed by an authority of our own. */
export async function certificateFor(names: readonly string[]): Promise<Certificate> {
  x509.cryptoProvider.set(crypto)
  const [authority, leaf] = await Promise.all([newKeys(), newKeys()])
  const valid = { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + 7 * dayMs) }
  const issuer = 'CN=Test authority'
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: '02',
    subject: `CN=${names[0]}`,
    issuer,
    ...valid,
    publicKey: leaf.publicKey,
    signingKey: authority.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(names.map(value => ({ type: 'dns' as const, value })))
    ]
  })
  const [pkcs8, spki] = await Promise.all([
    crypto.subtle.exportKey('pkcs8', leaf.privateKey),
    crypto.subtle.exportKey('spki', leaf.publicKey)
  ])
  const hash = await crypto.subtle.digest('SHA-256', spki)
  return {
    key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    cert: certificate.toString('pem'),
    keyHash: Buffer.from(hash).toString('base64')
  }
}

async function newKeys(): Promise<CryptoKeyPair> {
  return (await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])) as CryptoKeyPair
}
