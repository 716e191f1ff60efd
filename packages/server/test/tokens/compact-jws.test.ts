import { createPrivateKey } from 'node:crypto'
import { exportJWK, generateKeyPair, jwtVerify } from 'jose'
import { expect, test } from 'vitest'
import { compactJws } from '../../src/tokens/compact-jws.ts'

test.each(['ES256', 'RS256'])(
  'RFC 7515 §3.1: what is signed with %s, a library of its own finds good',
  async alg => {
    const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
    const keyObject = createPrivateKey({ key: await exportJWK(privateKey), format: 'jwk' })
    const signer = { kid: 'a-kid', key: privateKey, keyObject }
    // Of so many ES256 signatures some have a number that is short, and half of the numbers begin with a set bit.
    for (let count = 0; count < (alg === 'ES256' ? 2000 : 5); count++) {
      const claims = { iss: 'https://id.example', count, name: 'Åse' }
      const { protectedHeader, payload } = await jwtVerify(
        await compactJws({ alg, typ: 'logout+jwt' }, claims, signer),
        publicKey,
        { typ: 'logout+jwt', algorithms: [alg] }
      )
      expect(protectedHeader).toEqual({ alg, typ: 'logout+jwt', kid: 'a-kid' })
      expect(payload).toEqual(claims)
    }
  }
)
