export type { Cache } from './cache/cache.ts'
export type { CloseOptions } from './cache/close.ts'
export { type CacheOptions, createCache, type L1Options, type LoadLimits } from './cache/create-cache.ts'
export { describeExplanation } from './cache/explain/describe-explanation.ts'
export type {
  Doubt,
  ExplainedEntry,
  ExplainedTag,
  Explanation,
  FenceOwner,
  L1Explanation,
  L1Value,
  L2Explanation,
  L2Failure,
  L2Fence,
  L2Lease,
  L2Unusable,
  L2Value,
  LinkExplanation,
  Serving,
  TagHalves,
} from './cache/explain/explanation.ts'
export type { CacheHealth } from './cache/health.ts'
export type { InvalidationOutcome } from './cache/invalidate.ts'
export type { BatchLoadContext, BatchLoaded, BatchLoader, LoadContext, Loader, StaleValue } from './cache/loader.ts'
export type { MemoizedFunction, MemoizeOptions } from './cache/memoized.ts'
export type { MutateOptions, MutateResult, MutateTargets } from './cache/mutate.ts'
export type {
  BatchOptions,
  GetOptions,
  GetOrSetManyOptions,
  GetOrSetOptions,
  LifeOptions,
  PolicyOptions,
  SetOptions,
  TagsOption,
} from './cache/options.ts'
export type {
  Resource,
  ResourceDefinition,
  ResourceGetOptions,
  ResourceLoader,
  ResourceLoaders,
  ResourceOptions,
  SourceWrites,
  WritableResource,
  WriteBehind,
  WriteCallOptions,
  WriteOptions,
  Writes,
  WriteThrough,
} from './cache/resource.ts'
export type { Tag } from './cache/tag-names.ts'
export type { Appended, Durability, LoggedParams, LoggedWrite, PendingWrite, WriteChange, WriteLog } from './cache/write-log.ts'
export type { Committed, WriteOutcome } from './cache/write-source.ts'
export type { ConnectionOptions, TlsOptions } from './client/connection-options.ts'
export type { Codec } from './codecs/codec.ts'
export type { Compression } from './codecs/compression.ts'
export type { FormatOptions } from './codecs/format-options.ts'
export type { ValueSharing } from './codecs/holding.ts'
export type { SchemaInput, SchemaOptions, SchemaOutput, SchemaResult, StandardSchema } from './codecs/schema.ts'
export type { Seal } from './codecs/seal.ts'
export type { CoherenceMode, CoherenceOptions, OnDisconnect } from './coherence/coherence-options.ts'
export type { ByteSize } from './kernel/byte-size.ts'
export type { Clock } from './kernel/clock.ts'
export type { Duration } from './kernel/duration.ts'
export type { ErrorCode } from './kernel/error-codes.ts'
export { BatchError, CodecError, DeadlineError, ServerError, SourceError, StoreError, TiercelError, UsageError } from './kernel/errors.ts'
export type { Key, KeyPart } from './kernel/key.ts'
export type { KeyParam, KeyParams } from './kernel/key-template.ts'
export type { Source, SourceContext, SourceWrite, StoreManyResult, WriteContext } from './sources/source.ts'
export type { Admin, AdminDeleted, AdminDeleteOptions, AdminProgress, AdminScanOptions, AdminStepOptions } from './stores/admin/admin.ts'
export type { NodeHealth } from './stores/gate.ts'
export type { BreakerChange, StoreHealth } from './stores/gates.ts'
export { type MemoryStoreOptions, memoryStore } from './stores/memory/memory-store.ts'
export type {
  Feed,
  FeedListener,
  FenceOutcome,
  FenceStep,
  FollowOptions,
  MessageListener,
  MessageSubscription,
  Messages,
  PutOutcome,
  Reader,
  Snap,
  Snapshot,
  SnapTag,
  Store,
  StoreEntry,
  Swap,
} from './stores/store.ts'
export { valkeyStore } from './stores/valkey.ts'
export type { AdmissionOptions, BreakerOptions, ValkeyStoreOptions } from './stores/valkey-options.ts'
export type { Advice, AdviceCode } from './telemetry/advice.ts'
export type { CacheEvent, CacheEventListener, LoadReason, RejectReason, Tier } from './telemetry/event.ts'
export type { CacheStats, TierStats } from './telemetry/stats.ts'
