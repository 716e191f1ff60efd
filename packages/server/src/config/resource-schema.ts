import { z } from 'zod'
import { scope } from './client-schema.ts'
import { uri } from './uri.ts'

/** An API that clients may ask access tokens for, by name (RFC 8707). */
export const resourceSchema = z.strictObject({
  resource: uri().describe(
    'its name in `resource` and in the `aud` of its tokens; compared character for character'
  ),
  access_token_format: z
    .enum(['opaque', 'jwt'])
    .default('opaque')
    .describe('what its tokens are: `opaque`, or a JWT that it can check by itself (RFC 9068)'),
  scope: scope.optional().describe('what may be asked for at it; default: every scope of this server'),
  introspected_by: z
    .array(z.string().min(1))
    .default([])
    .describe('`client_id`s by which it introspects its tokens')
})
