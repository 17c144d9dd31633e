import { members } from './members.ts'
import { pattern } from './pattern.ts'
import { token } from './token.ts'
import { version } from './version.ts'
import type { Place, Way } from './way.ts'

export type WayId = 'members' | 'pattern' | 'version' | 'token'

/** Each with the commands that its invalidation consists of, as the server names them. */
export const ways: Readonly<Record<WayId, { readonly open: (place: Place) => Promise<Way>; readonly commands: readonly string[] }>> = {
  members: { open: members, commands: ['smembers', 'unlink'] },
  pattern: { open: pattern, commands: ['scan', 'unlink'] },
  version: { open: version, commands: ['incr'] },
  token: { open: (place) => token(place), commands: ['evalsha', 'eval'] },
}
