import { accessSync, constants, existsSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Command } from 'commander'
import { systemClock } from '../clock.ts'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import { readSdkScript, type SdkScript, sdkScriptHref } from '../doors/sdk-script.ts'
import { UtgangError } from '../errors.ts'
import { databaseFile, keyFile, openStorage, pendingMigrations } from '../open-storage.ts'
import type { Sealer } from '../storage/secrets.ts'
import type { Storage } from '../storage/storage.ts'
import { readSigningKeys, signingAlgorithms } from '../tokens/signing-keys.ts'
import { checkFront } from './doctor-front.ts'
import { checkSdkClients } from './doctor-sdk.ts'
import { type Finding, ok, problem, warning } from './finding.ts'
import { explained } from './refusals.ts'
import { configured } from './with-storage.ts'

/** `utgang doctor`: what keeps a deployment from working. */
export function registerDoctor(program: Command): void {
  configured(program.command('doctor'))
    .description(
      'check what makes a deployment work, and print the script tag of the browser SDK; changes nothing, exits with 1 when there is a problem'
    )
    .action(async (options: { config?: string }) => {
      const found: Finding[] = []
      for await (const finding of examine(options)) {
        found.push(finding)
        process.stdout.write(`${finding.is.padEnd(7)}  ${finding.what.padEnd(13)}  ${finding.text}\n`)
      }
      if (found.some(it => it.is === 'problem')) process.exitCode = 1
    })
}

async function* examine(options: { config?: string }): AsyncGenerator<Finding> {
  const { config, problems } = configIn(options)
  yield* problems
  if (!config) return
  const { issuer, clients, users } = config
  const from = options.config ?? 'environment'
  yield ok('configuration', `${from} (clients: ${clients.length}, users: ${users.length})`)
  yield* checkStorage(config)
  const script = scriptOfSdk()
  const isThere = 'integrity' in script
  yield* checkFront(config, isThere ? script : undefined)
  yield* checkSdkClients(config)
  yield isThere ? ok('SDK script', tag(issuer, script)) : script
}

/** The configuration, or each of its problems. */
function configIn({ config: file }: { config?: string }): { config?: Config; problems: Finding[] } {
  try {
    return { config: loadConfig({ file, env: process.env }).config, problems: [] }
  } catch (error) {
    if (!(error instanceof UtgangError)) throw error
    // The first line counts the others.
    const [head = '', ...lines] = error.message.split('\n')
    const texts = lines.length > 0 ? lines.map(line => line.trim()) : [head]
    return { problems: texts.map(text => problem('configuration', text)) }
  }
}

/** The database and what is sealed in it. One that is not there yet is not made; one of an older version is left as it is. */
async function* checkStorage(config: Config): AsyncGenerator<Finding> {
  const file = databaseFile(config)
  if (file === ':memory:')
    return yield warning(
      'storage',
      'in memory: everything is gone with the process. Set `storage` (UTGANG_STORAGE).'
    )
  if (!existsSync(file)) return yield newDatabase(config)
  // Whoever opens the database makes the key that is missing, and with a new one nothing opens.
  if (config.secret_keys.length === 0 && !existsSync(keyFile(config)))
    return yield problem(
      'secret_keys',
      `${keyFile(config)} is gone, and with it the key to what is sealed in the database. Bring it back from a backup.`
    )
  try {
    const pending = await explained(config, async () => pendingMigrations(config))
    if (pending.length > 0)
      return yield warning(
        'migrations',
        `${pending.join(', ')} still to be applied: stop servers of the older version, take a backup, then \`utgang migrate\` or \`utgang serve\``
      )
    const { storage, sealer } = await explained(config, () => openStorage(config))
    try {
      await storage.ping()
      yield ok('storage', `${config.storage} reads and writes`)
      yield ok('migrations', 'all are applied')
      yield await checkKeys(config, storage, sealer)
    } finally {
      await storage.close()
    }
  } catch (error) {
    yield problem('storage', (error as Error).message)
  }
}

function newDatabase(config: Config): Finding {
  const file = databaseFile(config)
  try {
    accessSync(dirname(file), constants.W_OK)
    return ok('storage', `no ${file} yet: the first start makes it, with its signing keys`)
  } catch {
    return problem(
      'storage',
      `${file} cannot be made: its folder does not exist or this user may not write there. Check \`storage\` (UTGANG_STORAGE).`
    )
  }
}

/** Names of what app.ts keeps sealed besides the signing keys. */
const sealedSecrets = ['sdk_names', 'receipt_cookie']

async function checkKeys({ lifetimes }: Config, storage: Storage, sealer: Sealer): Promise<Finding> {
  const kept = Math.max(lifetimes.remembered_max_seconds, lifetimes.session_max_seconds)
  try {
    const { privateJwks } = await readSigningKeys(storage, sealer, systemClock.now(), kept)
    if (privateJwks.length === 0) return ok('signing keys', 'none yet: the next start makes them')
    for (const name of sealedSecrets) {
      const sealed = await storage.findOrMakeSecret(name, nothing).catch(() => undefined)
      if (sealed !== undefined) sealer.open(sealed)
    }
    const signing = signingAlgorithms.map(
      alg => `${alg} ${privateJwks.find(it => it.alg === alg)?.kid ?? 'none'}`
    )
    return ok('signing keys', `${signing.join(', ')}; everything sealed opens under secret_keys`)
  } catch (error) {
    return problem('signing keys', (error as Error).message)
  }
}

function nothing(): never {
  throw new Error('only what is there is looked at')
}

/** The script, or why there is none. */
function scriptOfSdk(): SdkScript | Finding {
  try {
    return readSdkScript()
  } catch (error) {
    return problem('SDK script', `${(error as Error).message}: install @utgang/browser whole, with its dist`)
  }
}

/** For a page's head. With an update of the server its hash changes: print it anew. */
const tag = (issuer: string, script: SdkScript): string =>
  `<script src="${sdkScriptHref(issuer, script)}" integrity="${script.integrity}" crossorigin="anonymous"></script>`
