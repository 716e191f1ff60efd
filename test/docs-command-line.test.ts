import type { Command } from 'commander'
import { expect, test } from 'vitest'
import { commandLine } from '../packages/server/src/cli/command-line.ts'
import { expectMade, table } from './docs-made.ts'

/** Commands that do something, with their whole name. */
function commandsOf(command: Command, name = command.name()): { name: string; command: Command }[] {
  const below = command.commands.flatMap(sub => commandsOf(sub, `${name} ${sub.name()}`))
  return below.length > 0 ? below : [{ name, command }]
}

const commands = commandsOf(commandLine())

test('docs/command-line.md holds every command with its arguments and options, and no other', async () => {
  const made = commands.map(({ name, command }) => {
    const given = command.registeredArguments.map(it => [`\`<${it.name()}>\``, it.description])
    const options = command.options.map(it => [
      `\`${it.flags}\``,
      [
        it.description,
        it.mandatory && 'required',
        it.defaultValue !== undefined && `default: ${it.defaultValue}`
      ]
        .filter(Boolean)
        .join('; ')
    ])
    const usage = [name, ...command.registeredArguments.map(it => `<${it.name()}>`)].join(' ')
    const rows = [...given, ...options]
    return `## \`${usage}\`\n\n${sentence(command.description())}\n\n${rows.length > 0 ? table(['', ''], rows) : ''}`
  })
  await expectMade('command-line.md', made.join('\n\n'))
})

test.each(commands)('$name says what it does, and each of its options too', ({ command }) => {
  expect(command.description()).toMatch(/\w{3}/)
  for (const option of command.options) expect(option.description, option.flags).toMatch(/\w{3}/)
  for (const argument of command.registeredArguments)
    expect(argument.description, argument.name()).toMatch(/\w{3}/)
})

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
