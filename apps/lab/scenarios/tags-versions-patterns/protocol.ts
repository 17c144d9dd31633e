/** What the bystander is told. */
export type Order =
  | { readonly kind: 'open'; readonly url: string; readonly key: string }
  | { readonly kind: 'watch' }
  | { readonly kind: 'rest' }

/** What it tells. */
export type Report =
  | { readonly kind: 'up' }
  | { readonly kind: 'opened' }
  | { readonly kind: 'rested'; readonly looks: readonly Look[] }
  | { readonly kind: 'broken'; readonly message: string }

/** One read of its own key. */
export interface Look {
  readonly atMs: number
  readonly ms: number
}
