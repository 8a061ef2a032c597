import { Router } from './router.js';
import { userRoutes } from './routes-account.js';
import { listRoutes } from './routes-lists.js';
import { peopleRoutes } from './routes-people.js';
import { type ImageBase, referenceRoutes } from './routes-reference.js';
import { titleRoutes } from './routes-titles.js';
import { listRoutesV3, routesV4 } from './routes-user-lists.js';

/** All routes of `/3` and `/4`. Fixed names (`movie/popular`) come before ids, since the first match wins. */
export function tmdbRouter(base: ImageBase): Router {
  const router = new Router();
  listRoutes(router);
  peopleRoutes(router);
  titleRoutes(router);
  referenceRoutes(router, base);
  userRoutes(router);
  listRoutesV3(router);
  routesV4(router);
  return router;
}
