// One server of each framework on a free port, with mprof under /admin and a middleware that compresses whatever it may.
// Prints the ports as JSON. Ends when its input does.
import { createRequire } from 'node:module';
import http from 'node:http';
import { once } from 'node:events';
import fastifyCompress from '@fastify/compress';
import { serve } from '@hono/node-server';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import compression from 'compression';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import Koa from 'koa';
import koaCompress from 'koa-compress';
import 'reflect-metadata';

const require = createRequire(new URL('../../package.json', import.meta.url));
const { start } = require('mprof');
const { createFetchHandler, createHandler } = require('mprof/http');

start({ memProfileRate: 4096 });

const TEXT = 'compressible '.repeat(1000);
const options = { maxWindows: 1, token: 'let-me-in', cmdline: true };
const everything = { threshold: 0, filter: () => true };
const underAdmin = { ...options, prefix: '/admin' };

const servers = {
  'node:http'() {
    const handle = createHandler(underAdmin);
    const compressed = compression(everything);
    return http.createServer((req, res) => {
      compressed(req, res, () => {
        void handle(req, res, () => {
          res.setHeader('Content-Type', 'text/plain');
          res.end(TEXT);
        });
      });
    }).listen(0, '127.0.0.1');
  },

  express() {
    const app = express();
    app.use(compression(everything));
    app.use('/admin', createHandler(options));
    app.use((req, res) => void res.type('text').send(TEXT));
    return app.listen(0, '127.0.0.1');
  },

  async fastify() {
    const app = fastify();
    const handle = createHandler(underAdmin);
    await app.register(fastifyCompress, { threshold: 0, customTypes: /./ });
    app.get('/other', (request, reply) => reply.type('text/plain').send(TEXT));
    await app.register(async (scope) => {
      // Bodies are left to the handler.
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (request, payload, done) => done(null));
      const answer = (request, reply) => {
        reply.hijack();
        return handle(request.raw, reply.raw);
      };
      scope.all('/admin/debug/pprof', answer);
      scope.all('/admin/debug/pprof/*', answer);
    });
    await app.listen({ port: 0, host: '127.0.0.1' });
    return app.server;
  },

  koa() {
    const app = new Koa();
    const handle = createHandler(underAdmin);
    app.use(koaCompress(everything));
    app.use(async (ctx, next) => {
      if (!ctx.path.startsWith('/admin/debug/pprof')) return next();
      ctx.respond = false;
      await handle(ctx.req, ctx.res);
    });
    app.use((ctx) => (ctx.body = TEXT));
    return app.listen(0, '127.0.0.1');
  },

  hono() {
    const app = new Hono();
    const handle = createFetchHandler(underAdmin);
    app.use(compress({ threshold: 0, contentTypeFilter: () => true }));
    app.all('/admin/debug/pprof/*', (c) => handle(c.req.raw));
    app.get('/other', (c) => c.text(TEXT));
    return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' });
  },

  async nestjs() {
    class App {}
    Module({})(App);
    const app = await NestFactory.create(App, { logger: false });
    app.use(compression(everything));
    app.use('/admin', createHandler(options));
    app.use((req, res) => void res.type('text').send(TEXT));
    await app.listen(0, '127.0.0.1');
    return app.getHttpServer();
  },
};

const ports = {};
for (const [name, open] of Object.entries(servers)) {
  const server = await open();
  if (!server.listening) await once(server, 'listening');
  ports[name] = server.address().port;
}
console.log(JSON.stringify(ports));
process.stdin.resume().once('end', () => process.exit());
