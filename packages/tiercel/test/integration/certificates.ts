import { createSign, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'

/** PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** An authority of its own, for one test. */
export interface Authority {
  /** Its own certificate, PEM. */
  readonly ca: string
  /** @param names host names and addresses that the certificate is for */
  issue(...names: string[]): Certificate
}

const dayMs = 86_400_000
/** Object identifiers in DER, from X.509 and RFC 5758. */
const oid = {
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  subjectAltName: [0x55, 0x1d, 0x11],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
} as const

/** Makes an authority that signs certificates (X.509 v3, P-256) which are good for a day: Node can read certificates and not make them. */
export function createAuthority(): Authority {
  const name = `authority of a test ${randomBytes(4).toString('hex')}`
  const own = newKeys()
  const isAuthority = extension(oid.basicConstraints, sequence(tlv(0x01, Buffer.of(0xff))), true)
  return {
    ca: certificate({ issuer: name, signer: own.privateKey, subject: name, of: own.publicKey, extensions: [isAuthority] }),
    issue(...names) {
      const { publicKey, privateKey } = newKeys()
      const isFor = extension(oid.subjectAltName, sequence(...names.map(alternativeName)))
      const cert = certificate({ issuer: name, signer: own.privateKey, subject: 'a server', of: publicKey, extensions: [isFor] })
      return { cert, key: String(privateKey.export({ type: 'pkcs8', format: 'pem' })) }
    },
  }
}

interface Contents {
  readonly issuer: string
  readonly signer: KeyObject
  readonly subject: string
  readonly of: KeyObject
  readonly extensions: readonly Buffer[]
}

function certificate({ issuer, signer, subject, of, extensions }: Contents): string {
  const algorithm = sequence(objectId(oid.ecdsaWithSha256))
  const serial = Buffer.from([1, ...randomBytes(8)])
  const signed = sequence(
    tlv(0xa0, tlv(0x02, Buffer.of(2))),
    tlv(0x02, serial),
    algorithm,
    commonName(issuer),
    sequence(utcTime(Date.now() - dayMs), utcTime(Date.now() + dayMs)),
    commonName(subject),
    of.export({ type: 'spki', format: 'der' }),
    tlv(0xa3, sequence(...extensions)),
  )
  const signature = createSign('sha256').update(signed).sign(signer)
  const bytes = sequence(signed, algorithm, tlv(0x03, Buffer.of(0), signature))
  const lines = bytes.toString('base64').match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

function newKeys(): { readonly publicKey: KeyObject; readonly privateKey: KeyObject } {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
}

function extension(id: readonly number[], value: Buffer, isCritical = false): Buffer {
  return sequence(objectId(id), ...(isCritical ? [tlv(0x01, Buffer.of(0xff))] : []), tlv(0x04, value))
}

function alternativeName(name: string): Buffer {
  return isIP(name) === 4 ? tlv(0x87, Buffer.from(name.split('.').map(Number))) : tlv(0x82, Buffer.from(name))
}

function commonName(text: string): Buffer {
  return sequence(tlv(0x31, sequence(objectId(oid.commonName), tlv(0x0c, Buffer.from(text)))))
}

function utcTime(ms: number): Buffer {
  const digits = new Date(ms).toISOString().replace(/\D/g, '').slice(2, 14)
  return tlv(0x17, Buffer.from(`${digits}Z`))
}

function objectId(bytes: readonly number[]): Buffer {
  return tlv(0x06, Buffer.from(bytes))
}

function sequence(...contents: readonly Buffer[]): Buffer {
  return tlv(0x30, ...contents)
}

function tlv(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents)
  const { length } = content
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), content])
}
