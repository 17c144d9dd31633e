import type { ApproachId } from '../protocol.ts'
import type { Approach, Place } from './approach.ts'
import { careful } from './careful.ts'
import { naive } from './naive.ts'
import { tiercel } from './tiercel.ts'

export const approaches: Readonly<Record<ApproachId, (place: Place) => Promise<Approach>>> = { naive, careful, tiercel }
