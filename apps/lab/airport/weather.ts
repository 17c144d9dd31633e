import { dateAt, timeAt } from './clock.ts'
import { byWeight } from './gravity.ts'
import { Random } from './random.ts'
import type { Row } from './schema.ts'
import { season } from './timetable.ts'

/** Modelled weather at the busiest airports, every six hours: colder by latitude and at night, each day a little different. */
const readingsPerDay = 4

export const readingsPerStation = season.days * readingsPerDay

export function weatherRow(n: number, seed: number): Row<'weatherdata'> {
  const random = new Random(seed, 'weatherdata', n)
  const station = byWeight[Math.floor((n - 1) / readingsPerStation)] as (typeof byWeight)[number]
  const reading = (n - 1) % readingsPerStation
  const hour = (24 / readingsPerDay) * (reading % readingsPerDay)
  const temp = 29 - Math.abs(station.latitude - 12) * 0.42 + nightAndDay(hour + station.longitude / 15) + 2.5 * random.bell()
  const humidity = Math.min(100, 62 + 14 * random.bell())
  return {
    log_date: dateAt(Math.floor(reading / readingsPerDay)),
    time: timeAt(hour * 60),
    station: station.id,
    temp: rounded(temp, 10),
    humidity: rounded(humidity, 10),
    airpressure: rounded(1013 + 8 * random.bell(), 100),
    wind: rounded(Math.abs(14 * random.bell()), 100),
    weather: weatherOf(temp, humidity, random),
    winddirection: random.below(360),
  }
}

/** Degrees above the day's mean at a local hour; warmest at three in the afternoon. */
function nightAndDay(localHour: number): number {
  const fromWarmest = Math.abs(((((localHour - 15) % 24) + 24 + 12) % 24) - 12)
  return 4 - fromWarmest * (8 / 12)
}

function weatherOf(temp: number, humidity: number, random: Random): string | null {
  if (humidity < 65) return null
  if (temp < 0) return 'snow'
  if (temp < 3) return random.pick(['rain and snow', 'fog'])
  return random.pick(['rain', 'rain', 'fog', 'rain and fog', temp > 20 ? 'thunderstorm' : 'rain', temp > 20 ? 'rain and thunder' : null])
}

function rounded(value: number, steps: number): number {
  return Math.round(value * steps) / steps
}
