import { everyFaultOn } from './faults.suite.ts'
import { openCluster } from './topologies.ts'

everyFaultOn('cluster', openCluster)
