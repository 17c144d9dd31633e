export { createVerifier, type Verifier, type VerifierOptions } from './create-verifier.ts'
export type { StaleBucket, VerifierExample, VerifierReport } from './report.ts'
