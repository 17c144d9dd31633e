import { pullThePlug } from './pull-the-plug/scenario.ts'
import type { Scenario } from './scenario.ts'
import { stampede } from './stampede/scenario.ts'
import { tagsVersionsPatterns } from './tags-versions-patterns/scenario.ts'
import { ttlAndAges } from './ttl-and-ages/scenario.ts'
import { whatACacheSaves } from './what-a-cache-saves/scenario.ts'
import { whoSeesTheUpdate } from './who-sees-the-update/scenario.ts'

/** Every scenario of the lab. Adding one here is all it takes. */
export const scenarios: readonly Scenario[] = [whatACacheSaves, whoSeesTheUpdate, tagsVersionsPatterns, ttlAndAges, stampede, pullThePlug]

export function findScenario(id: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.id === id)
}
