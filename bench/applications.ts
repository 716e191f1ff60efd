/** What the applications of one login do when they are told of its logout. */
export interface Told {
  how: 'answers' | 'hangs'
  /** How many there are, at most {@link mostTold}. */
  number: number
}

/** Most applications that one login is at. */
export const mostTold = 10

/** The clients that are told, for either server. @param port where the applications listen */
export function toldClients(
  port: number
): { client_id: string; redirect_uris: string[]; backchannel_logout_uri: string }[] {
  return (['answers', 'hangs'] as const).flatMap(how =>
    toldIds({ how, number: mostTold }).map((client_id, index) => ({
      client_id,
      client_secret: `${client_id} has a secret of its own`,
      redirect_uris: [`https://${client_id}.example.test/callback`],
      backchannel_logout_uri: `http://127.0.${how === 'hangs' ? 2 : 0}.${2 + index}:${port}/${how}`,
      id_token_signed_response_alg: 'ES256'
    }))
  )
}

/** Their ids. */
export function toldIds(told: Told | undefined): string[] {
  if (!told) return []
  const { how, number } = told
  return Array.from({ length: number }, (_, index) => `${how}-${index}`)
}
