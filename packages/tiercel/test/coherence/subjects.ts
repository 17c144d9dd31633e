import { naiveCache } from './naive-cache.ts'
import { noCache } from './no-cache.ts'
import type { Subject, SubjectOptions } from './subject.ts'
import { tiercelCache } from './tiercel-cache.ts'

export type SubjectName = 'none' | 'naive' | 'tiercel'

export const subjects: Readonly<Record<SubjectName, (options: SubjectOptions) => Subject | Promise<Subject>>> = {
  none: noCache,
  naive: naiveCache,
  tiercel: tiercelCache,
}
