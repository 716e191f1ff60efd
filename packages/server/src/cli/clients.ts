import type { Command } from 'commander'
import { isConfidential } from '../config/client-schema.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { configured, printRows, withStorage } from './with-storage.ts'

/** `utgang clients list|check`. */
export function registerClientCommands(program: Command): void {
  const clients = program.command('clients').description('registered applications')

  configured(clients.command('list'))
    .description('list the clients that the database knows')
    .action((options: { config?: string }) =>
      withStorage(options, async ({ storage }) => {
        const rows = await storage.listClients()
        printRows(
          rows.map(({ clientId, source, enabled, metadata, backchannelLogoutUri, webhookUri }) => ({
            client_id: clientId,
            name: String(metadata.client_name ?? ''),
            source,
            state: enabled ? 'enabled' : 'disabled',
            told_at: [backchannelLogoutUri, webhookUri].filter(it => it != null).join(' ') || '–'
          })),
          'no clients'
        )
      })
    )

  configured(clients.command('check'))
    .description('check the clients of the configuration and say what each will meet at a logout')
    .action((options: { config?: string }) => {
      const { config } = loadConfig({ file: options.config, env: process.env })
      const lines = config.clients.flatMap(describe)
      process.stdout.write(lines.length === 0 ? 'no clients\n' : `${lines.join('\n')}\n`)
    })
}

function describe(client: Config['clients'][number]): string[] {
  const told = client.backchannel_logout_uri
  const binds = client.tokens_end_with_session ?? told !== undefined
  const remarks = [
    `${isConfidential(client) ? 'confidential' : 'public'}, ${client.require_pkce ? 'PKCE required' : 'PKCE not required'}`,
    ...toldOf(client),
    binds
      ? 'its tokens end with the session'
      : 'its tokens outlive the session unless it hands one over at logout',
    client.post_logout_redirect_uris.length + client.redirect_uris.length > 0
      ? 'may send people back to a registered address after logout'
      : 'has no address to send people back to after logout'
  ]
  if (client.logout_confirmation === 'always')
    remarks.push('people are always asked before they are signed out')
  return [client.client_id, ...remarks.map(remark => `  ${remark}`)]
}

function toldOf({ backchannel_logout_uri: token, webhook_uri: hook }: Config['clients'][number]): string[] {
  const told = [
    ...(token === undefined ? [] : [`owed a Logout Token at ${token}`]),
    ...(hook === undefined ? [] : [`owed a webhook at ${hook}`])
  ]
  return told.length > 0 ? told : ['has no backchannel_logout_uri: notices a logout only when it asks']
}
