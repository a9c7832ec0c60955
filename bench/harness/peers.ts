// What was measured of others on the same kind of machine (2 cores of a Xeon 2.5 GHz, SSD), with their set-up. Saturation is
// good to about 15 %, absolute figures move by a third from day to day: a place on the map, no race.

const FABRIC = 'Hyperledger Fabric 2.5.9, TLS, LevelDB, contract as a service, 100 B values, 30 s a step'

const PEERS = {
  saturation: [
    `${FABRIC}: 3 Raft orderers, 4 peers, any 1 of 4 endorses, put: 200 tx/s kept`,
    'the same, read a consent and write a decision: 145 to 190 tx/s; with a majority endorsing: 90 to 108 tx/s',
    'etcd 3.4, 3 nodes, unsigned puts, etcdctl check perf: saturates at 3,084 puts/s',
  ],
  latency: [
    `${FABRIC}: any 1 of 4 endorses, read a consent and write a decision, at 100/s: p50 204, p95 323, p99 364 ms`,
    'the same with a majority endorsing, at 100/s: p50 1,085, p95 3,718, p99 4,512 ms',
    'etcd 3.4, 3 nodes, 990 puts/s: slowest 60 ms',
  ],
  disk: [`${FABRIC}: 3.4 kB of disk per transaction and peer; 150 to 214 MB of memory a peer`],
} as const

export const peersOf = (question: keyof typeof PEERS): readonly string[] => PEERS[question]
