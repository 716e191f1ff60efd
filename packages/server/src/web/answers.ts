import type { FastifyReply } from 'fastify'

/** Sends a page. Whatever it shows belongs to one person and one moment. */
export function html(reply: FastifyReply, page: string): FastifyReply {
  return reply.header('cache-control', 'no-store').type('text/html; charset=utf-8').send(page)
}

/** Goes on to another address with a GET, whatever this request was (RFC 9700 §4.12). */
export function seeOther(reply: FastifyReply, location: string): FastifyReply {
  return reply.code(303).header('cache-control', 'no-store').header('location', location).send()
}
