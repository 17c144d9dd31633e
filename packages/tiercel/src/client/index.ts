export { adaptClient } from './adapt.ts'
export { type Capabilities, probeCapabilities, serverTimeMs } from './capabilities.ts'
export type {
  Client,
  Command,
  PrimaryNode,
  Reply,
  Subscription,
  SubscriptionListener,
  Tracking,
  TrackingListener,
  TrackingOptions,
  Word,
} from './client.ts'
export { type ConnectOptions, connectUrl } from './connect.ts'
export type { ConnectionOptions, TlsOptions } from './connection-options.ts'
export type { AdapterOptions, ReplicaOptions } from './replica-nodes.ts'
export { defineScript, runScript, type Script } from './script.ts'
export { slotOf } from './slot.ts'
