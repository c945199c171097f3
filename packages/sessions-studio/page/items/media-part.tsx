import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { OutwardLink } from './markdown.tsx';
import { bytesOf, fileNameOf, isCutOff, type Media, sizeOf } from './media.ts';

/** Larger pictures are not shown unless somebody asks, in bytes. */
const LARGE = 5_000_000;
/** A picture of more pixels is not laid out: a small file can become gigabytes of them. */
const PIXELS = 50_000_000;
const BYTES = new Intl.NumberFormat(undefined, { style: 'unit', unit: 'kilobyte', maximumFractionDigits: 0 });

/**
 * A picture, as far as it can be shown without asking another host, or what else is there, to be saved.
 *
 * @param whole - Reads it again, where it was cut.
 */
export function MediaPart({
  media,
  whole,
}: {
  readonly media: Media;
  readonly whole: () => Promise<Media | undefined>;
}) {
  const { kind, name, type, data, place } = media;
  const isPicture = type !== undefined && /^image\//.test(type) && data !== undefined;
  // a drawing of a few lines can keep a browser busy for hours
  const wantsToBeAsked = type === 'image/svg+xml' || sizeOf(media) > LARGE;
  const isShown = useSignal(isPicture && !wantsToBeAsked);
  const failure = useSignal<string | undefined>(undefined);
  const read = async () => (isCutOff(media) ? await whole() : media);
  const save = async () => {
    try {
      const found = await read();
      if (found) saveFile(found);
      failure.value = undefined;
    } catch (error) {
      failure.value = `It could not be saved. ${(error as Error).message}`;
    }
  };
  const size = data === undefined ? undefined : BYTES.format(Math.max(sizeOf(media) / 1000, 1));
  return (
    <div class="media">
      {isShown.value && <Picture read={read} name={name ?? kind} />}
      <p class="note">
        {[kind, name, type, size].filter((one) => one !== undefined).join(', ')}
        {place !== undefined && (
          <>
            {' '}
            at <OutwardLink href={place}>{place}</OutwardLink>, not loaded
          </>
        )}{' '}
        {isPicture && !isShown.value && (
          <button
            type="button"
            class="quiet"
            onClick={() => {
              isShown.value = true;
            }}
          >
            Show it
          </button>
        )}
        {data !== undefined && (
          <button type="button" class="quiet" onClick={save}>
            Save it
          </button>
        )}
      </p>
      {failure.value !== undefined && <p role="alert">{failure}</p>}
    </div>
  );
}

/** A picture in a place that is as high before it is there as afterwards. */
function Picture({ read, name }: { readonly read: () => Promise<Media | undefined>; readonly name: string }) {
  const source = useSignal<string | undefined>(undefined);
  const said = useSignal('Reading…');
  useEffect(() => {
    let isOver = false;
    const show = async () => {
      const { data = '' } = (await read()) ?? {};
      const found = await sizeInPixels(data);
      if (isOver) return;
      if (found === undefined) said.value = 'This browser cannot show this picture.';
      else if (found > PIXELS) said.value = 'This picture has too many pixels to be shown.';
      else source.value = data;
    };
    show().catch((error: Error) => {
      said.value = error.message;
    });
    return () => {
      isOver = true;
    };
  }, []);
  return (
    <div class="picture">
      {source.value === undefined ? (
        <p class="note">{said}</p>
      ) : (
        <img src={source.value} alt={name} decoding="async" />
      )}
    </div>
  );
}

/** Nothing where it is no picture. Its pixels are not made for that. */
function sizeInPixels(data: string): Promise<number | undefined> {
  const image = new Image();
  return new Promise((resolve) => {
    image.onload = () => resolve(image.naturalWidth * image.naturalHeight);
    image.onerror = () => resolve(undefined);
    image.src = data;
  });
}

function saveFile(media: Media): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(bytesOf(media));
  link.download = fileNameOf(media);
  link.click();
  // the browser has begun by then
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
