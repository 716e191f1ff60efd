import Provider, { type Adapter, errors } from 'oidc-provider'

/** An adapter that only reads or does what it is given; the rest is never called for its model. */
export function adapter(methods: Partial<Adapter>): Adapter {
  return { ...unused('this model'), ...methods }
}

/** An adapter for a model that the features we have on never use. */
export function unused(model: string): Adapter {
  const refuse = async (): Promise<never> => {
    throw new Error(`oidc-provider used a method of ${model} that its features do not need`)
  }
  return {
    upsert: refuse,
    find: refuse,
    findByUid: refuse,
    findByUserCode: refuse,
    consume: refuse,
    destroy: refuse,
    revokeByGrantId: refuse
  }
}

/** Marks the request under way: its session has ended, so its authorization starts again, signed out. */
export function sessionHasEnded(): Error {
  const ctx = Provider.ctx
  if (ctx) ctx.state.sessionEnded = true
  return new errors.SessionNotFound('the session has ended')
}
