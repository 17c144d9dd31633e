export type { Appended, Durability, LoggedWrite, PendingWrite, WriteChange, WriteLog } from '../../cache/write-log.ts'
export type {
  Source,
  SourceContext,
  SourceWrite,
  StoreManyResult,
  WriteContext,
} from '../../sources/source.ts'
export { createWriteBehind } from './create-write-behind.ts'
export { createWriteBehindWorker } from './create-write-behind-worker.ts'
export type { AnySource, CarryOptions, LogOptions, OnFull, WriteBehindOptions, WriteBehindWorkerOptions } from './options.ts'
export type {
  CloseOptions,
  DeadWrite,
  DeadWrites,
  Drained,
  DrainOptions,
  WriteBehind,
  WriteBehindEvent,
  WriteBehindStats,
  WriteBehindWorker,
} from './write-behind.ts'
