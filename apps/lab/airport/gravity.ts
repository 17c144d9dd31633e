import { type Airport, airports } from './airports.ts'
import { type Random, weightedDraw } from './random.ts'

/**
 * Who flies where: a gravity model. The pull between two airports is the product of their weights, weakened by distance.
 *
 * The weights are modelled: no traffic figures are in the data. Large airports weigh more than medium ones, and some
 * well-known hubs, listed in rough order of their traffic, most of all.
 */
const hubs = (
  'ATL DXB DFW LHR HND DEN IST LAX ORD DEL CDG JFK CAN PEK AMS MAD FRA PVG SIN ICN LAS BKK SZX MIA MCO BCN SEA CLT HKG PHX BOM SFO CGK EWR ' +
  'KUL MEX IAH MUC FCO DOH JED BLR MNL SYD BOS LGW YYZ GRU MSP BOG SAW NRT MEL ORY VIE LIS ZRH CPH DUB ARN OSL NBO JNB CAI ADD LOS CMN EZE ' +
  'SCL LIM PTY AKL'
).split(' ')

const hubRanks = new Map(hubs.map((iata, rank) => [iata, rank]))

function weightOf(airport: Airport): number {
  const rank = hubRanks.get(airport.iata)
  if (rank !== undefined) return 120 - rank
  return airport.size === 'large' ? 10 : 1
}

export const weights: readonly number[] = airports.map(weightOf)

/** The airports by weight, heaviest first: where weather stations are set up first. */
export const byWeight: readonly Airport[] = airports.toSorted((a, b) => weightOf(b) - weightOf(a) || a.id - b.id)

const drawIndex = weightedDraw(weights)

/** An airport as likely as it is busy. */
export function drawAirport(random: Random): Airport {
  return airports[drawIndex(random)] as Airport
}

const drawLarge = weightedDraw(airports.map((airport, index) => (airport.size === 'large' ? (weights[index] as number) : 0)))

/** A large airport as likely as it is busy: where an airline has its base. */
export function drawBase(random: Random): Airport {
  return airports[drawLarge(random)] as Airport
}

const shortestKm = 180
const longestKm = 13_000
const halfPullKm = 1000

function pull(from: Airport, to: Airport): number {
  const km = distanceKm(from, to)
  if (km < shortestKm || km > longestKm) return 0
  const far = km / halfPullKm
  return 1 / (1 + far * far)
}

const drawsFrom = new Map<number, (random: Random) => number>()

/** A destination of flights from an airport. */
export function drawDestination(from: Airport, random: Random): Airport {
  let draw = drawsFrom.get(from.id)
  if (!draw) {
    draw = weightedDraw(airports.map((to, index) => (weights[index] as number) * pull(from, to)))
    drawsFrom.set(from.id, draw)
  }
  return airports[draw(random)] as Airport
}

const earthRadiusKm = 6371
const radians = Math.PI / 180

/** Along the great circle (haversine). */
export function distanceKm(a: Airport, b: Airport): number {
  const halfLatitude = Math.sin(((b.latitude - a.latitude) * radians) / 2)
  const halfLongitude = Math.sin(((b.longitude - a.longitude) * radians) / 2)
  const chord =
    halfLatitude * halfLatitude + Math.cos(a.latitude * radians) * Math.cos(b.latitude * radians) * halfLongitude * halfLongitude
  return 2 * earthRadiusKm * Math.asin(Math.sqrt(chord))
}
