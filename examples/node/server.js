// Renders one page with Express.
const express = require('express');

const app = express();
const port = process.env.PORT || 5000;
const escaped = (text) => text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);

app.disable('x-powered-by');
app.get('*', (request, response) => {
  const dyno = escaped(process.env.DYNO || 'somewhere');
  response.send(`<!doctype html><title>Paddock</title><h1>Hello from ${dyno}!</h1><p>You asked for ${escaped(request.url)}.</p>\n`);
});

const server = app.listen(port, '0.0.0.0', () => console.log(`listening on port ${port}`));

// Finish what is being answered, then go: the dyno gets 30 seconds.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
