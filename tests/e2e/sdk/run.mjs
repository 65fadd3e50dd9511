// Drives the vendor's SDK against the emulator: every call, every event. Prints one line of JSON.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { createClient, ApiKeyStrategy, AppStrategy } from '@wix/sdk';
import * as proGallery from '@wix/auto_sdk_pro-gallery_pro-gallery';
import * as files from '@wix/auto_sdk_media_files';
import * as folders from '@wix/auto_sdk_media_folders';
import * as proGalleryPaths from '@wix/auto_sdk_pro-gallery_pro-gallery/meta';
import * as filesPaths from '@wix/auto_sdk_media_files/meta';
import * as foldersPaths from '@wix/auto_sdk_media_folders/meta';

const ready = JSON.parse(await readFile(process.argv[2], 'utf-8'));
const base = ready.base_url;

// The SDK knows only the vendor's hosts, over https; its requests are sent to the emulator unchanged otherwise.
const realFetch = globalThis.fetch;
globalThis.fetch = (url, init) =>
  realFetch(String(url).replace(/^https:\/\/(www|edge)\.wixapis\.com/, base), init);

const exercised = { proGallery: new Set(), files: new Set(), folders: new Set() };
const received = { proGallery: new Set(), files: new Set() };

// Only a call that went well counts; a query counts once it was built, for its find() is no export.
function watched(modules, name) {
  return new Proxy(modules, {
    get(target, method) {
      if (typeof target[method] !== 'function') return target[method];
      return (...args) => {
        const answer = target[method](...args);
        if (typeof answer?.then === 'function') answer.then(() => exercised[name].add(method), () => {});
        else exercised[name].add(method);
        return answer;
      };
    },
  });
}

// `METHOD /path/{}` of each call, from the SDK's own table and as the emulator counted them.
const blank = (path) => path.replace(/\{[^}]*\}/g, '{}');

function pathsOf(module, prefix) {
  const calls = Object.values(module).filter((value) => typeof value === 'function').map((value) => value());
  return [...new Set(calls.map((call) => `${call.httpMethod} ${prefix}${blank(call.path)}`))].sort();
}

function served(counted, prefix) {
  const paths = Object.keys(counted).filter((name) => name.split(' ')[1].startsWith(prefix));
  return paths.map(blank).sort();
}

function methodsOf(module) {
  return Object.keys(module).filter((name) => typeof module[name] === 'function' && !name.startsWith('on')).sort();
}

function eventsOf(module) {
  return Object.keys(module).filter((name) => module[name]?.__type === 'event-definition').sort();
}

async function control(path, body) {
  const response = await realFetch(`${base}/_emulator/${path}`, { method: 'POST', body: JSON.stringify(body) });
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

async function refusedWith(promise, check) {
  const error = await promise.then(
    () => assert.fail('the call should have been refused'),
    (reason) => reason,
  );
  check(error);
  return error;
}

const modules = { proGallery, files, folders };
const byKey = createClient({ modules, auth: ApiKeyStrategy({ siteId: ready.site_id, apiKey: ready.api_key }) });
const byReader = createClient({ modules, auth: ApiKeyStrategy({ siteId: ready.site_id, apiKey: ready.read_api_key }) });
const appOptions = { appId: ready.app_id, appSecret: ready.app_secret, instanceId: ready.instance_id };
const byApp = createClient({ modules, auth: AppStrategy({ ...appOptions, publicKey: ready.public_key }) });
const encoded = Buffer.from(ready.public_key).toString('base64');
const byEncodedKey = createClient({ modules, auth: AppStrategy({ ...appOptions, publicKey: encoded }) });

// ---- webhooks: each event goes through the SDK's own verification and its own transformations
const envelopes = [];
const waiting = [];
for (const [name, module] of [['proGallery', proGallery], ['files', files]]) {
  for (const event of eventsOf(module)) {
    byApp[name][event]((envelope) => {
      received[name].add(event);
      envelopes.push({ event, ...envelope });
    });
  }
}
const receiver = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => (body += chunk));
  request.on('end', async () => {
    try {
      await byApp.webhooks.process(body);
      await byEncodedKey.webhooks.parseJWT(body);
      response.writeHead(200).end();
    } catch (error) {
      waiting.forEach((waiter) => waiter.reject(error));
      response.writeHead(500).end();
    }
    waiting.forEach((waiter) => waiter.check());
  });
});
await new Promise((resolve) => receiver.listen(0, '127.0.0.1', resolve));
await control('webhooks', { url: `http://127.0.0.1:${receiver.address().port}/` });

function seen(predicate, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no event: ${what}`)), 20000);
    const check = () => {
      const found = envelopes.find(predicate);
      if (found) {
        clearTimeout(timer);
        resolve(found);
      }
    };
    waiting.push({ check, reject });
    check();
  });
}

// ---- media
const media = watched(byApp.files, 'files');
const picture = Buffer.from(await (await realFetch(`${base}/_emulator/sample.png`)).arrayBuffer());

const folder = watched(byApp.folders, 'folders');
const parent = (await folder.createFolder('Weddings')).folder;
assert.equal((await folder.getFolder(parent._id)).displayName, 'Weddings');
assert.equal((await folder.updateFolder(parent._id, { displayName: 'Weddings 2026' })).displayName, 'Weddings 2026');

const { uploadUrl } = await media.generateFileUploadUrl('image/png', {
  fileName: 'first dance.png', parentFolderId: parent._id, filePath: '/ceremony/kiss', labels: ['sha256:abc'],
});
const put = await realFetch(uploadUrl, { method: 'PUT', body: picture, headers: { 'Content-Type': 'image/png' } });
assert.equal(put.status, 200);
const uploaded = (await put.json()).file;
assert.equal(uploaded.operationStatus, 'READY');
assert.equal(uploaded.media.image.image.width, 640);
assert.deepEqual(uploaded.labels, ['sha256:abc']);

const resumable = await media.generateFileResumableUploadUrl('image/png', { fileName: 'big.png' });
assert.equal(resumable.uploadProtocol, 'TUS');
const tus = { 'Tus-Resumable': '1.0.0' };
const created = await realFetch(resumable.uploadUrl, {
  method: 'POST', headers: { ...tus, 'Upload-Length': String(picture.length) },
});
assert.equal(created.status, 201);
const place = created.headers.get('location');
const half = Math.floor(picture.length / 2);
const chunk = { ...tus, 'Content-Type': 'application/offset+octet-stream' };
const first = await realFetch(place, {
  method: 'PATCH', body: picture.subarray(0, half), headers: { ...chunk, 'Upload-Offset': '0' },
});
assert.equal(first.status, 204);
assert.equal((await realFetch(place, { method: 'HEAD', headers: tus })).headers.get('upload-offset'), String(half));
const last = await realFetch(place, {
  method: 'PATCH', body: picture.subarray(half), headers: { ...chunk, 'Upload-Offset': String(half) },
});
const big = (await last.json()).file;
assert.equal(big.operationStatus, 'READY');

const imported = (await media.importFile(`${base}/_emulator/sample.png`, {
  displayName: 'imported.png', externalInfo: { origin: 'test', externalIds: ['7'] },
})).file;
assert.equal(imported.operationStatus, 'PENDING');
assert.equal((await media.getFileDescriptor(imported._id)).operationStatus, 'READY');
const ready1 = await seen((e) => e.event === 'onFileDescriptorFileReady' && e.metadata.entityId === imported._id, 'file ready');
assert.equal(ready1.data.file.media.image.image.includes('originWidth=640'), true);
assert.deepEqual(ready1.data.externalInfo.externalIds, ['7']);
const lost = (await media.importFile('https://example.com/nowhere.png')).file;
assert.equal((await media.getFileDescriptor(lost._id)).operationStatus, 'FAILED');
await seen((e) => e.event === 'onFileDescriptorFileFailed' && e.metadata.entityId === lost._id, 'file failed');

const bulk = await media.bulkImportFile(
  [2, 1].map((number) => ({ url: `${base}/_emulator/sample.png`, displayName: `bulk ${number}.png`, labels: ['bulk'] })),
);
assert.equal(bulk.bulkActionMetadata.totalSuccesses, 2);
assert.equal((await media.bulkImportFiles([{ url: `${base}/_emulator/sample.png` }])).files.length, 1);
assert.equal((await media.getFileDescriptors([uploaded.id, big.id])).files.length, 2);
const renamed = await media.updateFileDescriptor({ _id: uploaded.id, displayName: 'renamed.png', labels: ['a', 'b'] });
assert.equal(renamed.displayName, 'renamed.png');
const page1 = await media.listFiles({ paging: { limit: 2 } });
assert.equal(page1.files.length, 2);
const page2 = await media.listFiles({ paging: { limit: 2, cursor: page1.nextCursor.cursors.next } });
assert.notEqual(page2.files[0]._id, page1.files[0]._id);
assert.equal((await media.listFiles({ mediaTypes: ['VIDEO'] })).files.length, 0);
assert.equal((await media.searchFiles({ search: 'renamed' })).files[0]._id, uploaded.id);
const labelled = media.queryFileDescriptors().hasSome('labels', ['bulk']).ascending('displayName').limit(1);
const firstPage = await labelled.find();
assert.ok(firstPage.hasNext());
const nextPage = await firstPage.next(); // sends the cursor alone
assert.deepEqual([...firstPage.items, ...nextPage.items].map((file) => file.displayName), ['bulk 1.png', 'bulk 2.png']);
assert.ok(!nextPage.hasNext());
assert.equal((await media.queryFileDescriptors().eq('displayName', 'renamed.png').find()).items[0]._id, uploaded.id);
assert.equal((await media.generateFileDownloadUrl(uploaded.id)).downloadUrls.length, 1);
assert.ok((await media.generateFilesDownloadUrl([uploaded.id, big.id])).downloadUrl);
await refusedWith(media.generateVideoStreamingUrl(uploaded.id), (error) => assert.match(error.message, /is not a video/));
const filmUrl = (await media.generateFileUploadUrl('video/mp4', { fileName: 'film.mp4' })).uploadUrl;
const film = (await (await realFetch(filmUrl, { method: 'PUT', body: picture, headers: { 'Content-Type': 'video/mp4' } })).json()).file;
assert.ok((await media.generateVideoStreamingUrl(film.id)).downloadUrl.url);
await media.bulkDeleteFiles([big.id]);
assert.equal((await media.listDeletedFiles()).files[0]._id, big.id);
await media.bulkRestoreFilesFromTrashBin([big.id]);
assert.equal((await media.listDeletedFiles()).files.length, 0);

assert.equal((await folder.listFolders({ parentFolderId: parent._id })).folders[0].displayName, 'ceremony');
assert.equal((await folder.searchFolders({ search: 'KISS' })).folders.length, 1);
assert.equal((await folder.queryFolders().eq('displayName', 'kiss').find()).items.length, 1);
assert.ok((await folder.generateFolderDownloadUrl(parent._id)).downloadUrl);
const spare = (await folder.createFolder('Spare')).folder;
await folder.bulkDeleteFolders([spare._id]);
assert.equal((await folder.listDeletedFolders()).folders[0]._id, spare._id);
await folder.bulkRestoreFoldersFromTrashBin([spare._id]);

// ---- galleries
const wix = watched(byApp.proGallery, 'proGallery');
const image = (file, name) => `wix:image://v1/${file.id ?? file._id}/${name}#originWidth=640&originHeight=480`;
const gallery = await wix.createGallery({
  gallery: {
    name: 'Weddings 2026',
    sortOrder: 1000,
    items: [
      { title: 'First dance', sortOrder: 10, image: { imageInfo: image(uploaded, 'dance.png'), quality: 90 } },
      { title: 'Film', sortOrder: 20, video: { type: 'VIMEO', videoInfo: 'https://vimeo.com/378840916' } },
      { title: 'Words', sortOrder: 30, text: { html: '<p>Thank you</p>' } },
    ],
  },
});
assert.equal(gallery.totalItems, 3);
assert.ok(gallery._createdDate instanceof Date);
const galleryCreated = await seen((e) => e.event === 'onGalleryCreated' && e.entity._id === gallery._id, 'gallery created');
assert.equal(galleryCreated.entity.name, 'Weddings 2026');
assert.equal(galleryCreated.entity.items, undefined);
assert.equal(galleryCreated.metadata.instanceId, ready.instance_id);

assert.equal((await wix.updateGallery(gallery._id, { name: 'Weddings' })).name, 'Weddings');
await seen((e) => e.event === 'onGalleryUpdated' && e.entity.name === 'Weddings', 'gallery updated');
const listed = await wix.listGalleries({ limit: 10, itemLimit: 2 });
assert.equal(listed.totalGalleries, 1);
assert.equal(listed.galleries[0].items.length, 2);
assert.equal((await wix.getGallery(gallery._id, { itemLimit: 1, itemOffset: 1 })).items[0].title, 'Film');

const item = await wix.createGalleryItem(gallery._id, {
  title: 'Kiss',
  description: 'At the door',
  sortOrder: 15.5,
  link: { url: 'https://example.com', text: 'Book' },
  tags: { values: ['kiss'] },
  image: { imageInfo: image(big, 'big.png'), focalPoint: { x: 0.5, y: 0.25 }, unsharpMasking: { amount: 1, radius: 2, threshold: 0.5 } },
});
assert.equal(item.type, 'IMAGE');
assert.equal(item.sortOrder, 15.5);
assert.equal(item.image.imageInfo, image(big, 'big.png'));
const itemCreated = await seen((e) => e.event === 'onGalleryItemCreated' && e.data.item._id === item._id, 'item created');
assert.equal(itemCreated.metadata.entityId, gallery._id);
assert.equal(itemCreated.data.item.image.focalPoint.y, 0.25);

const order = (await wix.listGalleryItems(gallery._id, { itemLimit: 100 })).items.map((entry) => entry.title);
assert.deepEqual(order, ['First dance', 'Kiss', 'Film', 'Words']);
const ids = { galleryId: gallery._id, itemId: item._id };
assert.equal((await wix.getGalleryItem(ids)).description, 'At the door');
const changed = await wix.updateGalleryItem(ids, { title: 'The kiss', image: { imageInfo: image(uploaded, 'dance.png') } });
assert.equal(changed.title, 'The kiss');
assert.equal(changed.description, 'At the door');
await seen((e) => e.event === 'onGalleryItemUpdated' && e.data.updatedItem.title === 'The kiss', 'item updated');

const clone = await wix.createGallery({ cloneFromGalleryId: gallery._id });
assert.equal(clone.name, 'Weddings');
assert.equal(clone.totalItems, 4);
assert.notEqual(clone.sortOrder, 1000);

// ---- what is refused, as the SDK tells it
const key = watched(byKey.proGallery, 'proGallery');
await refusedWith(key.createGallery({ gallery: { sortOrder: 1000 } }), (error) => assert.match(error.message, /sortOrder/));
await refusedWith(
  key.createGalleryItem(gallery._id, { image: { imageInfo: image({ id: 'none' }, 'x.png'), quality: 20 } }),
  (error) => {
    assert.match(error.message, /quality/);
    const violations = error.details.validationError.fieldViolations;
    assert.deepEqual(violations.map((entry) => entry.field).sort(), ['item.image.imageInfo.id', 'item.image.quality']);
    assert.ok(error.requestId ?? true);
  },
);
await refusedWith(key.getGallery('00000000-0000-4000-8000-000000000000'), (error) => {
  assert.equal(error.details.applicationError.code, 'NOT_FOUND');
});
await refusedWith(byReader.proGallery.createGallery({}), (error) => {
  assert.equal(error.details.applicationError.code, 'PERMISSION_DENIED');
});
assert.equal((await byReader.proGallery.listGalleries()).totalGalleries, 2);

// ---- deletes
assert.equal((await wix.deleteGalleryItem(ids)).itemId, item._id);
const itemDeleted = await seen((e) => e.event === 'onGalleryItemDeleted' && e.data.itemId === item._id, 'item deleted');
assert.equal(itemDeleted.metadata.entityId, gallery._id);
const [one, two] = (await wix.listGalleryItems(gallery._id)).items;
assert.deepEqual((await wix.bulkDeleteGalleryItems(gallery._id, [one._id])).itemIds, [one._id]);
const left = await wix.deleteGalleryItems(gallery._id, { itemsIds: [two._id] });
assert.equal((left.gallery ?? left).totalItems, 1);
assert.equal((await wix.deleteGallery(clone._id)).galleryId, clone._id);
await seen((e) => e.event === 'onGalleryDeleted' && e.metadata.entityId === clone._id, 'gallery deleted');
await seen((e) => e.event === 'onGalleryItemDeleted' && e.metadata.originatedFrom === 'Gallery Deleted', 'items of a deleted gallery');
const numbers = envelopes.filter((e) => e.metadata.entityId === gallery._id).map((e) => Number(e.metadata.entityEventSequence));
assert.equal(new Set(numbers).size, numbers.length);

receiver.close();
const counted = (await (await realFetch(`${base}/_emulator/stats`)).json()).requests;
const summary = {};
for (const [name, module, table, prefix] of [
  ['proGallery', proGallery, proGalleryPaths, '/progallery'],
  ['files', files, filesPaths, '/site-media'],
  ['folders', folders, foldersPaths, '/site-media'],
]) {
  const paths = pathsOf(table, prefix);
  summary[name] = {
    methods: methodsOf(module),
    exercised: [...exercised[name]].sort(),
    events: eventsOf(module),
    received: [...(received[name] ?? [])].sort(),
    paths,
    served: served(counted, prefix).filter((path) => paths.includes(path)),
  };
}
console.log(JSON.stringify(summary));
process.exit(0);
