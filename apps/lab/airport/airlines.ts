import type { Airport } from './airports.ts'
import { drawBase } from './gravity.ts'
import { airlineEndings, airlineWords } from './names.ts'
import { Random, shuffled } from './random.ts'

/** An invented airline with its base. The lower the number, the larger its fleet. */
export interface Airline {
  readonly id: number
  readonly iata: string
  readonly name: string
  readonly base: Airport
}

/** As many as in the original data set, whatever the scale. */
export const airlineCount = 113

const codeLetters = 'ABCDEFGHJKLMNPQRSTUVWXYZ'
const codeDigits = '23456789'

export function airlinesOf(seed: number): readonly Airline[] {
  return Array.from({ length: airlineCount }, (_, index) => {
    const shuffle = (size: number, stream: string) => shuffled(index, size, new Random(seed, stream, 0))
    const code = shuffle(codeLetters.length * codeDigits.length, 'airline code')
    const name = shuffle(airlineWords.length * airlineEndings.length, 'airline name')
    return {
      id: index + 1,
      iata: `${codeLetters[Math.floor(code / codeDigits.length)]}${codeDigits[code % codeDigits.length]}`,
      name: `${airlineWords[name % airlineWords.length]} ${airlineEndings[Math.floor(name / airlineWords.length)]}`,
      base: drawBase(new Random(seed, 'airline', index + 1)),
    }
  })
}

/** The first airlines get some four times as many airplanes as the last. */
export function drawAirline(airlines: readonly Airline[], random: Random): Airline {
  const place = random.next()
  return airlines[Math.floor(place * (0.4 + 0.6 * place) * airlines.length)] as Airline
}
