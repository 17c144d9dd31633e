import type { Word } from './client.ts'

/** What is needed of a client that `GlideClient.createClient` of `@valkey/valkey-glide` returned. */
export interface Glide {
  customCommand(words: Word[], options?: never): Promise<unknown>
  exec(pipeline: never, raiseOnError: boolean, options?: never): Promise<unknown[] | null>
  close(): void
}

/** What its declarations hide, and is there. */
export interface GlideMembers {
  readonly isClosed: boolean
  /** What the client was made with. */
  readonly config: GlideConfig
  readonly constructor: { createClient(config: object): Promise<GlideSubscriber> }
  exec(pipeline: GlidePipeline, raiseOnError: boolean, options: { readonly decoder: 0; readonly timeout?: number }): Promise<unknown[]>
}

export interface GlideConfig {
  readonly readFrom?: string
  readonly readOnly?: boolean
  readonly clientSideCache?: object
  readonly compression?: object
}

export interface GlideSubscriber extends Glide {
  subscribe?(channels: ReadonlySet<string>, timeoutMs: number): Promise<void>
}

export interface GlideMessage {
  readonly channel: Buffer
  readonly message: Buffer
}

/** As its class `Batch`, which cannot be had without importing the package. */
export interface GlidePipeline {
  readonly isAtomic: false
  readonly setCommandsIndexes: readonly number[]
  readonly commands: readonly { readonly requestType: number; readonly argsArray: { readonly args: readonly Buffer[] } }[]
}

/** Of the package's protocol: a command as words. */
const customCommand = 1
/** `Decoder.Bytes` */
export const asBytes = 0

export function glidePipeline(commands: readonly (readonly Word[])[]): GlidePipeline {
  return {
    isAtomic: false,
    setCommandsIndexes: [],
    commands: commands.map((words) => ({ requestType: customCommand, argsArray: { args: words.map(bytesOf) } })),
  }
}

export function membersOf(live: Glide): GlideMembers {
  return live as unknown as GlideMembers
}

function bytesOf(word: Word): Buffer {
  return typeof word === 'string' ? Buffer.from(word) : word
}
