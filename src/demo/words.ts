import { Random } from './random.js';

/** What a made-up title consists of: two nouns and a pattern, so that all languages name the same thing. */
export interface TitleWords {
  readonly first: number;
  readonly second: number;
  readonly pattern: number;
}

interface Vocabulary {
  readonly nouns: readonly string[];
  readonly titles: readonly ((a: string, b: string) => string)[];
  readonly sentences: readonly ((a: string, b: string) => string)[];
  readonly joiner: string;
}

const EN: Vocabulary = {
  nouns:
    'Harbour Lantern Winter River Mirror Garden Thunder Orchard Comet Bridge Island Letter Forest Clock Desert Signal Raven Mountain Silence Carnival Engine Lighthouse Shadow Voyage'.split(
      ' ',
    ),
  titles: [
    (a, b) => `The ${a} and the ${b}`,
    (a, b) => `${a} of the ${b}`,
    (a, b) => `Beyond the ${a}: ${b}`,
    (a, b) => `${a} Without ${b}`,
    (a, b) => `The Last ${a} of ${b}`,
  ],
  sentences: [
    (a, b) => `Between the ${a} and the ${b} a search begins that nobody can stop any more.`,
    (a, b) => `When the ${a} disappears overnight, only those who remember the ${b} know where to look.`,
    (a, b) => `An old promise leads three strangers from the ${a} to the ${b} and back again.`,
    (a, b) => `What the ${a} has hidden for a generation, the ${b} brings to light within one long night.`,
    (a, b) => `Nobody in town has ever spoken about the ${a}, and nobody will forgive the ${b}.`,
  ],
  joiner: ' ',
};

const DE: Vocabulary = {
  nouns:
    'Hafen Laterne Winter Fluss Spiegel Garten Donner Obsthain Komet Brücke Insel Brief Wald Uhr Wüste Signal Rabe Berg Stille Karneval Maschine Leuchtturm Schatten Reise'.split(
      ' ',
    ),
  titles: [
    (a, b) => `${a} und ${b}`,
    (a, b) => `${a} über ${b}`,
    (a, b) => `Jenseits von ${a}: ${b}`,
    (a, b) => `${a} ohne ${b}`,
    (a, b) => `Zuletzt ${a}, dann ${b}`,
  ],
  sentences: [
    (a, b) => `Zwischen ${a} und ${b} beginnt eine Suche, die niemand mehr aufhalten kann.`,
    (a, b) => `Über Nacht ist alles verschwunden: ${a}, ${b} und jede Erinnerung daran.`,
    (a, b) => `Ein altes Versprechen führt drei Fremde über ${a} nach ${b} und wieder zurück.`,
    (a, b) => `Was ${a} eine Generation lang verbarg, bringt ${b} in einer einzigen Nacht ans Licht.`,
    (a, b) => `Niemand im Ort spricht über ${a}, und niemand verzeiht ${b}.`,
  ],
  joiner: ' ',
};

const FR: Vocabulary = {
  nouns:
    'Port Lanterne Hiver Rivière Miroir Jardin Tonnerre Verger Comète Pont Île Lettre Forêt Horloge Désert Signal Corbeau Montagne Silence Carnaval Machine Phare Ombre Voyage'.split(
      ' ',
    ),
  titles: [
    (a, b) => `${a} et ${b}`,
    (a, b) => `${a} sous ${b}`,
    (a, b) => `Par-delà : ${a}, ${b}`,
    (a, b) => `${a} sans ${b}`,
    (a, b) => `Enfin ${a}, puis ${b}`,
  ],
  sentences: [
    (a, b) => `Entre ${a} et ${b} commence une quête que plus personne ne peut arrêter.`,
    (a, b) => `En une nuit tout a disparu : ${a}, ${b} et jusqu’au moindre souvenir.`,
    (a, b) => `Une vieille promesse mène trois inconnus de ${a} à ${b}, puis les ramène.`,
    (a, b) => `Ce que ${a} a caché pendant une génération, ${b} le révèle en une seule nuit.`,
    (a, b) => `Au village, nul ne parle de ${a}, et nul ne pardonne ${b}.`,
  ],
  joiner: ' ',
};

const ES: Vocabulary = {
  nouns:
    'Puerto Linterna Invierno Río Espejo Jardín Trueno Huerto Cometa Puente Isla Carta Bosque Reloj Desierto Señal Cuervo Montaña Silencio Carnaval Motor Faro Sombra Viaje'.split(
      ' ',
    ),
  titles: [
    (a, b) => `${a} y ${b}`,
    (a, b) => `${a} bajo ${b}`,
    (a, b) => `Más allá: ${a}, ${b}`,
    (a, b) => `${a} sin ${b}`,
    (a, b) => `Al fin ${a}, después ${b}`,
  ],
  sentences: [
    (a, b) => `Entre ${a} y ${b} empieza una búsqueda que ya nadie puede detener.`,
    (a, b) => `En una noche todo desapareció: ${a}, ${b} y hasta el último recuerdo.`,
    (a, b) => `Una vieja promesa lleva a tres desconocidos de ${a} a ${b} y de vuelta.`,
    (a, b) => `Lo que ${a} ocultó durante una generación, ${b} lo revela en una sola noche.`,
    (a, b) => `En el pueblo nadie habla de ${a}, y nadie perdona a ${b}.`,
  ],
  joiner: ' ',
};

const ZH: Vocabulary = {
  nouns:
    '港口 灯笼 冬天 河流 镜子 花园 雷声 果园 彗星 桥 岛 信 森林 时钟 沙漠 信号 乌鸦 山 寂静 狂欢节 引擎 灯塔 影子 航程'.split(
      ' ',
    ),
  titles: [
    (a, b) => `${a}与${b}`,
    (a, b) => `${a}之${b}`,
    (a, b) => `${a}彼岸:${b}`,
    (a, b) => `没有${b}的${a}`,
    (a, b) => `最后的${a},${b}`,
  ],
  sentences: [
    (a, b) => `在${a}与${b}之间,一场无人能够阻止的寻找开始了。`,
    (a, b) => `一夜之间,${a}消失了,只有记得${b}的人知道去哪里寻找。`,
    (a, b) => `一个古老的诺言把三个陌生人从${a}带到${b},又带了回来。`,
    (a, b) => `${a}隐藏了一代人的秘密,${b}在一个长夜里揭开。`,
    (a, b) => `镇上没有人谈起${a},也没有人原谅${b}。`,
  ],
  joiner: '',
};

const JA: Vocabulary = {
  nouns:
    '港 灯籠 冬 川 鏡 庭 雷 果樹園 彗星 橋 島 手紙 森 時計 砂漠 信号 烏 山 沈黙 祭り 機関 灯台 影 航海'.split(
      ' ',
    ),
  titles: [
    (a, b) => `${a}と${b}`,
    (a, b) => `${a}の${b}`,
    (a, b) => `${a}の彼方 ${b}`,
    (a, b) => `${b}のない${a}`,
    (a, b) => `最後の${a}、${b}`,
  ],
  sentences: [
    (a, b) => `${a}と${b}のあいだで、もう誰にも止められない探索が始まる。`,
    (a, b) => `一夜にして${a}が消えた。行き先を知るのは${b}を覚えている者だけだ。`,
    (a, b) => `古い約束が三人の他人を${a}から${b}へ、そしてまた元の場所へ導く。`,
    (a, b) => `${a}が一世代隠してきたものを、${b}が長い一夜で明るみに出す。`,
    (a, b) => `町では誰も${a}を語らず、誰も${b}を許さない。`,
  ],
  joiner: '',
};

const VOCABULARIES: ReadonlyMap<string, Vocabulary> = new Map([
  ['en', EN],
  ['de', DE],
  ['fr', FR],
  ['es', ES],
  ['zh', ZH],
  ['ja', JA],
]);

/** The languages with words of their own; in any other one the English words carry the language's code. */
export const SPOKEN: readonly string[] = [...VOCABULARIES.keys()];

/** How many patterns and nouns a title chooses from. */
export const TITLE_PATTERNS = EN.titles.length;
export const NOUNS = EN.nouns.length;

function member<T>(list: readonly T[], index: number): T {
  return list[index % list.length] as T;
}

/** The title in a language (`xx`). */
export function titleIn(language: string, words: TitleWords): string {
  const own = VOCABULARIES.get(language);
  const v = own ?? EN;
  const title = member(v.titles, words.pattern)(member(v.nouns, words.first), member(v.nouns, words.second));
  return own === undefined ? `${title} (${language})` : title;
}

/** A text of `count` sentences about the two nouns; `seed` chooses the others. */
export function textIn(language: string, words: TitleWords, count: number, seed: string): string {
  const own = VOCABULARIES.get(language);
  const v = own ?? EN;
  const random = new Random(`text:${seed}`);
  const sentences = Array.from({ length: count }, (_, index) => {
    const first = index === 0 ? words.first : random.int(0, NOUNS - 1);
    const second = index === 0 ? words.second : random.int(0, NOUNS - 1);
    return member(v.sentences, words.pattern + index)(member(v.nouns, first), member(v.nouns, second));
  });
  const text = sentences.join(v.joiner);
  return own === undefined ? `[${language}] ${text}` : text;
}

const GIVEN =
  'Ada Bruno Clara Dario Edda Falk Greta Hugo Ines Jonas Kaja Leon Mira Nils Olga Pavel Quinn Rosa Sven Tilda Uma Viktor Wanda Yara'.split(
    ' ',
  );
const FAMILY =
  'Abendrot Birkholm Castellan Dunmoor Eisenwald Farrowby Greystone Hollander Ibarra Juniper Kestrel Lindqvist Moorland Nightwood Oakes Pellegrin Quarry Rosendal Silverman Thornbury Umber Valmont Westerly Zimtstern'.split(
    ' ',
  );

/** A made-up person's name. */
export function personName(random: Random): string {
  return `${random.pick(GIVEN)} ${random.pick(FAMILY)}`;
}

/** A made-up company's name. */
export function companyName(random: Random): string {
  return `${random.pick(EN.nouns)} ${random.pick(['Pictures', 'Films', 'Studios', 'Media', 'Works'])}`;
}

/** A made-up keyword. */
export function keywordName(random: Random): string {
  return `${random.pick(EN.nouns)} ${random.pick(['at night', 'in ruins', 'rivalry', 'secret', 'journey'])}`.toLowerCase();
}
