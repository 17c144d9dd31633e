import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { getJson, RefusedError } from './http.ts'

let close = () => {}
afterEach(() => close())

async function answering(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  close = () => {
    server.closeAllConnections()
    server.close()
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const json = { 'Content-Type': 'application/json' }

test('an answer given up half-way is an error, never an empty answer', async () => {
  const controller = new AbortController()
  const address = await answering((_request, response) => {
    response.writeHead(200, json)
    response.write('{"code":')
    setTimeout(() => controller.abort(), 20)
  })
  await expect(getJson(address, controller.signal)).rejects.toThrow(/abort/i)
})

test('an answer that ends too early is an error', async () => {
  const address = await answering((_request, response) => response.writeHead(200, json).end('{"code":'))
  await expect(getJson(address)).rejects.toThrow(SyntaxError)
})

test('a refusal tells its reason, also one that cannot be read', async () => {
  const refusals = ['{"error":"No room.","why":7}', '<html>']
  const address = await answering((_request, response) => response.writeHead(503, json).end(refusals.shift()))
  await expect(getJson(address)).rejects.toMatchObject({ name: 'RefusedError', status: 503, message: 'No room.', body: { why: 7 } })
  await expect(getJson(address)).rejects.toThrow(new RefusedError(503, {}))
})
