import { z } from 'zod'

const seconds = (fallback: number, about: string) =>
  z
    .int()
    .min(1)
    .max(400 * 86_400)
    .default(fallback)
    .describe(about)

const day = 86_400

/** How long things live, in seconds. Expiry is judged at every read. */
export const lifetimesSchema = z.strictObject({
  session_idle_seconds: seconds(2 * 3600, 'OP session, not remembered: longest time without activity'),
  session_max_seconds: seconds(day, 'OP session, not remembered: longest life'),
  remembered_idle_seconds: seconds(14 * day, 'OP session, remembered: longest time without activity'),
  remembered_max_seconds: seconds(90 * day, 'OP session, remembered: longest life'),
  code_seconds: seconds(60, 'authorization code'),
  access_token_seconds: seconds(3600, 'access token'),
  id_token_seconds: seconds(600, 'ID Token'),
  refresh_token_idle_seconds: seconds(30 * day, 'refresh token: longest time without use'),
  refresh_token_max_seconds: seconds(180 * day, 'refresh token: longest life of the family'),
  refresh_grace_seconds: z
    .int()
    .min(0)
    .max(60)
    .default(10)
    .describe('how long a rotated refresh token is taken once more (a reply that got lost); 0 for never'),
  interaction_seconds: seconds(3600, 'an open sign-in or consent page'),
  key_publish_seconds: z
    .int()
    .min(0)
    .max(90 * day)
    .default(day)
    .describe('how long a new signing key is published before it signs')
})

/** See {@link lifetimesSchema}. */
export type Lifetimes = z.infer<typeof lifetimesSchema>
