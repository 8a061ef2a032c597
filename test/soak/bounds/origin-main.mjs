// A small origin in a process of its own: any GET gets a body that names what was asked. Prints its port.
import { createServer } from 'node:net';

const END = '\r\n\r\n';

const server = createServer((socket) => {
  let text = '';
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
    for (let end = text.indexOf(END); end >= 0; end = text.indexOf(END)) {
      const path = text.slice(text.indexOf(' ') + 1, text.indexOf(' HTTP/')).replace(/\?.*$/, '');
      text = text.slice(end + END.length);
      const id = path.slice(path.lastIndexOf('/') + 1);
      const body = `{"id":${id},"path":"${path}","overview":"${'words '.repeat(40)}"}`;
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: application/json;charset=utf-8\r\nContent-Length: ${body.length}\r\nETag: W/"${id}"\r\n\r\n${body}`,
      );
    }
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
