import { ssfConfiguration } from './ssf-configuration.ts'
import { ssfPoll } from './ssf-poll.ts'
import { ssfStatus } from './ssf-status.ts'
import { ssfStreams } from './ssf-streams.ts'
import { ssfSubjects } from './ssf-subjects.ts'
import { ssfVerification } from './ssf-verification.ts'

/** The doors of the transmitter of security events (Shared Signals Framework 1.0). */
export const ssfDoors = [
  ssfConfiguration,
  ssfStreams,
  ssfStatus,
  ssfSubjects,
  ssfVerification,
  ssfPoll
] as const
