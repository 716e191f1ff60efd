import { type Logger, pino } from 'pino'

/** The log of a system: JSON lines. Requests are logged by route and outcome, so no token or cookie can get in. */
export function systemLog(level: string, destination?: { write(line: string): void }): Logger {
  const options = {
    level,
    base: undefined,
    // Should a header or parameter ever be handed to the log, these never get through.
    redact: {
      paths: [
        '*.authorization',
        '*.cookie',
        '*.password',
        '*.token',
        '*.oauth_token',
        '*.id_token_hint',
        '*.client_secret'
      ],
      censor: '******'
    },
    serializers: { err: pino.stdSerializers.err }
  }
  return destination ? pino(options, destination) : pino(options, pino.destination({ dest: 1, sync: false }))
}
