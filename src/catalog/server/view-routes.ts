/** Serves the endpoints of Iceberg's views. Request -> answer. */

import type { TableIdentifier } from '../../iceberg/table-metadata.ts';
import { renderViewMetadata } from '../../iceberg/view-metadata.ts';
import { wholeText } from '../files/metadata-cache.ts';
import { readRequest } from '../protocol/requests.ts';
import type { CatalogView, IcebergViews } from '../service/catalog.ts';
import { type Answer, json, notAllowed, nothing, paginate } from './answers.ts';
import type { CatalogRequest } from './http-request.ts';

/** `…/namespaces/{namespace}/views` */
export async function answerViews(
  views: IcebergViews,
  request: CatalogRequest,
  namespace: string[],
): Promise<Answer> {
  switch (request.method) {
    case 'GET': {
      const page = paginate(await views.list(namespace), (id) => id.name, request.query);
      return json({ identifiers: page.items, 'next-page-token': page.next });
    }
    case 'POST': {
      const body = await readRequest('createView', await request.body());
      const { schema, location, properties, 'view-version': version } = body;
      return loaded(
        await views.create({ namespace, name: body.name }, { schema, location, properties, version }),
      );
    }
    default:
      throw notAllowed(request.method);
  }
}

/** `…/namespaces/{namespace}/views/{view}` */
export async function answerView(
  views: IcebergViews,
  request: CatalogRequest,
  id: TableIdentifier,
): Promise<Answer> {
  switch (request.method) {
    case 'GET':
      return loaded(await views.load(id));
    case 'HEAD':
      await views.load(id);
      return nothing;
    case 'POST': {
      const { requirements = [], updates } = await readRequest('commitView', await request.body());
      return loaded(await views.commit(id, { requirements, updates }));
    }
    case 'DELETE':
      await views.drop(id);
      return nothing;
    default:
      throw notAllowed(request.method);
  }
}

/** `…/namespaces/{namespace}/register-view` */
export async function registerView(
  views: IcebergViews,
  request: CatalogRequest,
  namespace: string[],
): Promise<Answer> {
  const body = await readRequest('registerView', await request.body());
  return loaded(
    await views.register({ namespace, name: body.name }, { metadataLocation: body['metadata-location'] }),
  );
}

/** `…/views/rename` */
export async function renameView(views: IcebergViews, request: CatalogRequest): Promise<Answer> {
  const { source, destination } = await readRequest('renameTable', await request.body());
  await views.rename({ from: source, to: destination });
  return nothing;
}

/** `LoadViewResult` */
const loaded = (view: CatalogView): Answer => ({
  status: 200,
  text: `{"metadata-location":${JSON.stringify(view.metadataLocation)},"metadata":${view.text === undefined ? renderViewMetadata(view.metadata) : wholeText(view.text)},"config":{}}`,
});
