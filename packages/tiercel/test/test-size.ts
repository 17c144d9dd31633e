export interface Sizes {
  readonly small: number
  readonly ci: number
  readonly release: number
}

/** How far the long tests go: `npm test` runs them small, `npm run test:faults` as CI does, `npm run test:release` at length. */
export function testSize(sizes: Sizes): number {
  const size = process.env['TIERCEL_TEST_SIZE'] ?? 'small'
  if (size in sizes) return sizes[size as keyof Sizes]
  throw new Error(`TIERCEL_TEST_SIZE: ${size} is none of ${Object.keys(sizes).join(', ')}`)
}
