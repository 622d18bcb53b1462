// A real Bluesky server on loopback, with a directory of identities in memory,
// two accounts and an app password. Prints one line of JSON with the addresses
// when it is ready and ends when its standard input does.
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import http from 'node:http'
import { tmpdir } from 'node:os'
import path from 'node:path'

process.env.LOG_ENABLED ??= 'false'
const { PDS, envToCfg, envToSecrets } = await import('@atproto/pds')
const plc = (await import('@did-plc/lib')).default ?? (await import('@did-plc/lib'))

const listen = (server, port = 0) =>
  new Promise((done) => server.listen(port, '127.0.0.1', () => done(server.address().port)))
const hex = (n) => randomBytes(n).toString('hex')

// The directory: a log of signed operations per DID.
const logs = new Map()
const directory = http.createServer(async (req, res) => {
  const send = (status, body) => {
    res.writeHead(status, { 'content-type': 'application/json' })
    res.end(JSON.stringify(body))
  }
  const [did, what] = decodeURIComponent(req.url.slice(1)).split('/')
  try {
    if (req.method === 'POST') {
      let body = ''
      for await (const chunk of req) body += chunk
      const log = [...(logs.get(did) ?? []), JSON.parse(body)]
      await plc.validateOperationLog(did, log)
      logs.set(did, log)
      return send(200, {})
    }
    const log = logs.get(did)
    if (!log) return send(404, { message: `DID not registered: ${did}` })
    const data = plc.opToData(did, log.at(-1))
    if (what === 'data') return send(200, data)
    if (what === 'log') return send(200, log)
    return send(200, plc.formatDidDoc(data))
  } catch (err) {
    send(400, { message: String(err?.message ?? err) })
  }
})
const plcUrl = `http://127.0.0.1:${await listen(directory)}`

// The server wants to know its port before it listens.
const probe = http.createServer()
const port = await listen(probe)
await new Promise((done) => probe.close(done))

const data = await mkdtemp(path.join(tmpdir(), 'bandstand-pds-'))
const env = {
  port,
  hostname: 'localhost',
  devMode: true,
  dataDirectory: data,
  blobstoreDiskLocation: path.join(data, 'blobs'),
  didPlcUrl: plcUrl,
  serviceHandleDomains: ['.test'],
  inviteRequired: false,
  rateLimitsEnabled: true,
  crawlers: [],
  jwtSecret: hex(16),
  adminPassword: hex(16),
  plcRotationKeyK256PrivateKeyHex: hex(32),
  disableSsrfProtection: true,
}
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
await pds.start()
const url = `http://localhost:${port}`

const call = async (method, body, token) => {
  const res = await fetch(`${url}/xrpc/${method}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  const answer = await res.json()
  if (!res.ok) throw new Error(`${method}: ${JSON.stringify(answer)}`)
  return answer
}
const account = async (handle, displayName) => {
  const s = await call('com.atproto.server.createAccount', { handle, email: `info@${handle}`, password: hex(16) })
  await call(
    'com.atproto.repo.putRecord',
    { repo: s.did, collection: 'app.bsky.actor.profile', rkey: 'self', record: { $type: 'app.bsky.actor.profile', displayName } },
    s.accessJwt,
  )
  const app = await call('com.atproto.server.createAppPassword', { name: 'bandstand' }, s.accessJwt)
  return { handle, did: s.did, password: app.password }
}
const club = await account('riversidefc.test', 'Riverside FC')
const other = await account('oldtownchoir.test', 'Old Town Choir')

console.log(JSON.stringify({ pds: url, plc: plcUrl, ...club, other: other.did }))

process.stdin.resume()
process.stdin.on('end', async () => {
  await pds.destroy()
  directory.close()
  await rm(data, { recursive: true, force: true })
  process.exit(0)
})
