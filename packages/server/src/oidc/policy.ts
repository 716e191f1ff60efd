import { interactionPolicy } from 'oidc-provider'

const { Prompt, base, Check } = interactionPolicy

/**
 * When a person is asked something: sign in, sign up (`prompt=create`, Initiating User Registration 1.0), choose an
 * account (`prompt=select_account`), consent. First-party native apps are not asked for a consent that they do not need.
 */
export function prompts(): InstanceType<typeof Prompt>[] {
  const policy = base()
  policy.add(new Prompt({ name: 'create', requestable: true }), 0)
  policy.add(new Prompt({ name: 'select_account', requestable: true }), 1)
  const consent = policy.get('consent')
  consent?.checks.remove('native_client_prompt')
  consent?.checks.add(
    new Check(
      'native_client_prompt',
      'native clients require End-User interaction',
      'interaction_required',
      ctx => {
        const { client, result } = ctx.oidc
        const asks = client?.applicationType === 'native' && client.consent !== 'skip'
        return asks && !(result && 'consent' in result)
      }
    )
  )
  return policy
}
