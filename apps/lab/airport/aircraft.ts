import type { Random } from './random.ts'

/** A type of airplane. All are invented; seats, range and speed are of the usual order for their size. */
export interface Aircraft {
  /** The `type_id` of the database. */
  readonly id: number
  readonly identifier: string
  readonly description: string
  readonly seats: number
  readonly rangeKm: number
  readonly speedKmh: number
}

const turboprop = 'Twin turboprop for short fields and short hops'
const regional = 'Regional jet, four seats abreast'
const singleAisle = 'Single-aisle jet, the workhorse of medium distances'
const twinAisle = 'Twin-aisle jet for long distances'

export const fleetTypes: readonly Aircraft[] = (
  [
    ['Fjellvik 19', turboprop, 19, 1200, 430],
    ['Fjellvik 34', turboprop, 34, 1400, 500],
    ['Fjellvik 50', turboprop, 50, 1600, 520],
    ['Fjellvik 72', turboprop, 72, 1700, 540],
    ['Dunmore RJ-50', regional, 50, 2700, 780],
    ['Dunmore RJ-76', regional, 76, 3300, 800],
    ['Dunmore RJ-98', regional, 98, 3900, 810],
    ['Brightwater 110', singleAisle, 110, 4700, 820],
    ['Brightwater 130', singleAisle, 130, 5600, 830],
    ['Corvane 140', singleAisle, 140, 5300, 830],
    ['Corvane 165', singleAisle, 165, 5800, 830],
    ['Corvane 189', singleAisle, 189, 6200, 830],
    ['Corvane 220', singleAisle, 220, 7400, 840],
    ['Estrella 240', twinAisle, 240, 12_000, 870],
    ['Estrella 270', twinAisle, 270, 13_000, 880],
    ['Estrella 300', twinAisle, 300, 14_600, 880],
    ['Aldermoor 330', twinAisle, 330, 14_400, 890],
    ['Aldermoor 360', twinAisle, 360, 14_800, 890],
    ['Aldermoor 410', twinAisle, 410, 15_000, 900],
  ] as const
).map(([identifier, description, seats, rangeKm, speedKmh], index) => ({
  id: index + 1,
  identifier,
  description,
  seats,
  rangeKm,
  speedKmh,
}))

/** An airplane that reaches so far and is not wasted on so short a way; of those, small ones are likelier. */
export function drawAircraft(km: number, random: Random): Aircraft {
  const fitting = fleetTypes.filter((type) => type.rangeKm >= km * 1.1 && type.rangeKm <= Math.max(km * 3.2, 2000))
  const best = fitting.length > 0 ? fitting : fleetTypes.filter((type) => type.rangeKm >= km)
  const place = random.next()
  return best[Math.floor(place * place * best.length)] as Aircraft
}

/** From door to door, in steps of five minutes. */
export function flightMinutes(km: number, aircraft: Aircraft): number {
  return Math.ceil((35 + (km / aircraft.speedKmh) * 60) / 5) * 5
}

/** The name of seat number `index`, as on the boarding pass: row, then letter. */
export function seatName(index: number, aircraft: Aircraft): string {
  const letters = seatLetters(aircraft.seats)
  return `${Math.floor(index / letters.length) + 1}${letters[index % letters.length]}`
}

function seatLetters(seats: number): string {
  if (seats < 30) return 'ACD'
  if (seats < 100) return 'ABCD'
  return seats < 230 ? 'ABCDEF' : 'ABCDEFGHJ'
}
