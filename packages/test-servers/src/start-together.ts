type Stoppable = { stop(): Promise<void> }

/** Starts servers at the same time. When one fails, those that did start are stopped before its error is thrown. */
export async function startTogether<Server extends Stoppable>(starts: readonly Promise<Server>[]): Promise<Server[]> {
  const results = await Promise.allSettled(starts)
  const running = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed === undefined) return running
  await stopTogether(running)
  throw failed.reason
}

export async function stopTogether(servers: readonly Stoppable[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()))
}

/** Does what is left to do once servers run; stops them should it fail. */
export async function orStop<Result>(servers: readonly Stoppable[], work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    await stopTogether(servers)
    throw error
  }
}
