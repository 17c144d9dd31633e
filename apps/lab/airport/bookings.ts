import { seatName } from './aircraft.ts'
import { firstAbove, Random, shuffled } from './random.ts'
import type { Row } from './schema.ts'
import type { Flight } from './timetable.ts'

/**
 * Who sits where. Bookings are numbered flight by flight. Passengers travel in rounds: in a round of flights everybody flies at most once,
 * each round in another order. So nobody is twice on a flight, and everybody has a handful of bookings.
 */
export interface Sales {
  readonly bookings: number
  /** For each flight, how many bookings come before the end of it: an ascending list. */
  readonly soldUpTo: Int32Array
  readonly rounds: Int32Array
  /** For each flight, how many passengers of its round are on earlier flights. */
  readonly placesInRound: Int32Array
}

export function salesOf(seed: number, flights: readonly Flight[], passengers: number): Sales {
  const soldUpTo = new Int32Array(flights.length)
  const rounds = new Int32Array(flights.length)
  const placesInRound = new Int32Array(flights.length)
  let bookings = 0
  let round = 0
  let place = 0
  flights.forEach((flight, index) => {
    const sold = seatsSold(seed, flight)
    if (place + sold > passengers) {
      round++
      place = 0
    }
    rounds[index] = round
    placesInRound[index] = place
    place += sold
    bookings += sold
    soldUpTo[index] = bookings
  })
  return { bookings, soldUpTo, rounds, placesInRound }
}

/** Between a seventh of the seats and four in five: the season is still on sale. At least one. */
function seatsSold(seed: number, flight: Flight): number {
  const random = new Random(seed, 'seats sold', flight.id)
  return Math.max(1, Math.round(flight.scheduled.rotation.aircraft.seats * (0.14 + 0.33 * (random.next() + random.next()))))
}

export interface Market {
  readonly seed: number
  readonly flights: readonly Flight[]
  readonly passengers: number
  readonly sales: Sales
}

export function bookingRow(n: number, { seed, flights, passengers, sales }: Market): Row<'booking'> {
  const index = firstAbove(sales.soldUpTo, n - 1)
  const flight = flights[index] as Flight
  const place = n - 1 - (index === 0 ? 0 : (sales.soldUpTo[index - 1] as number))
  const { aircraft, km } = flight.scheduled.rotation
  const seat = shuffled(place, aircraft.seats, new Random(seed, 'seats', flight.id))
  const passenger = shuffled(
    (sales.placesInRound[index] as number) + place,
    passengers,
    new Random(seed, 'round', sales.rounds[index] as number),
  )
  const isInFront = seat < aircraft.seats * 0.1
  return {
    booking_id: n,
    flight_id: flight.id,
    seat: seatName(seat, aircraft),
    passenger_id: passenger + 1,
    price: fare(km, isInFront, new Random(seed, 'booking', n)),
  }
}

function fare(km: number, isInFront: boolean, random: Random): number {
  const cents = (2500 + 9 * km) * random.between(0.6, 1.7) * (isInFront ? 2.6 : 1)
  return Math.round(cents) / 100
}
