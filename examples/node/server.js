// Renders one page from a template; the template library is the one npm dependency.
const http = require('node:http');
const mustache = require('mustache');

const page = '<!doctype html><title>Paddock</title><h1>Hello from {{dyno}}!</h1><p>You asked for {{path}}.</p>\n';
const port = process.env.PORT || 5000;

const server = http.createServer((request, response) => {
  response.setHeader('Content-Type', 'text/html; charset=utf-8');
  response.end(mustache.render(page, { dyno: process.env.DYNO || 'somewhere', path: request.url }));
});

server.listen(port, '0.0.0.0', () => console.log(`listening on port ${port}`));

// Finish what is being answered, then go: the dyno gets 30 seconds.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
