export { checkSource } from './check-source.ts'
export { type NewerOnlyOptions, newerOnly } from './newer-only.ts'
export type { Source, SourceContext, SourceParams, SourceWrite, StoreManyResult, WriteContext } from './source.ts'
