// Loaded into the programs that the commands start. Descriptor 3 ends when the command that started this process is gone,
// however it went; the program is then told to stop as if by Ctrl-C.
import { Socket } from 'node:net'
import { isMainThread } from 'node:worker_threads'

// Forks and workers inherit the flag that loads this file; only the program itself has the pipe.
if (isMainThread && process.env.TIERCEL_LIFELINE_OF === String(process.ppid)) {
  const pipe = new Socket({ fd: 3 })
  pipe.on('error', () => {})
  pipe.on('close', () => process.kill(process.pid, 'SIGTERM'))
  pipe.resume()
  pipe.unref()
}
