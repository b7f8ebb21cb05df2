//! What a report says that lies outside of most threat models: weaknesses of modules, of the
//! runtime, of the environment. The classes are those of the Common Weakness Enumeration.

use super::Line;
use crate::desk::classify::sense::Clue;
use crate::desk::classify::sense::Sense::Scope;

/// A class, and the clues that suggest it: one of each group.
pub(in super::super) struct Threat {
    pub(in super::super) name: &'static str,
    pub(in super::super) clues: &'static [Clue],
}

const fn threat(name: &'static str, clues: &'static [Clue]) -> Threat {
    Threat { name, clues }
}

/// The classes that are known by name here.
#[rustfmt::skip]
pub(in super::super) const THREATS: &[Threat] = &[
    // Reliance on insufficiently trustworthy component
    threat("CWE-1357", &[Clue::ForeignCode]),
    // Improperly controlled modification of object prototype attributes
    threat("CWE-1321", &[Clue::Prototype]),
    // Uncontrolled search path element
    threat("CWE-427", &[Clue::SearchPath]),
    // External control of system or configuration setting
    threat("CWE-15", &[Clue::Environment, Clue::Changes]),
    // Uncontrolled resource consumption, here by outbound connections
    threat("CWE-400", &[Clue::Outbound, Clue::Exhausts]),
    // No class of its own: a weakness of the runtime, or a runtime that is no longer maintained
    threat("runtime", &[Clue::Runtime]),
];

#[rustfmt::skip]
pub(super) const TABLE: &[Line] = &[
    (Scope(Clue::ForeignCode), "*", "malicious module*|malicious package*|malicious dependenc*|malicious plugin*|malicious middleware|malicious library|malicious third party|compromised module*|compromised package*|compromised dependenc*|compromised maintainer|hijacked package*|backdoored*|supply chain*|typosquat*|typo squatting|dependency confusion|evil package|evil module|rogue package*|rogue module*|vulnerable third party*|vulnerable dependency|vulnerable dependencies|outdated dependency|outdated dependencies|insecure dependency|transitive dependenc*|bosartiges modul|bosartige module|bosartiges paket|bosartige pakete|schadliches modul|schadliches paket|schadliche module|schadliche pakete|manipuliertes modul|manipuliertes paket|module malveillant*|paquet malveillant*|modulo malicioso|paquete malicioso|pacote malicioso|modulo malevolo|pacchetto malevolo|lieferkett*|cadena de suministro|cadeia de suprimentos|chaine dapprovisionnement|вредоносный пакет|вредоносного пакета|вредоносный модуль|вредоносного модуля|вредоносная библиотека|вредоносные пакеты|悪意のあるモジュール|悪意のあるパッケージ|サプライチェーン|恶意模块|恶意依赖|恶意包|供应链|악성 모듈|악성 패키지|공급망"),
    (Scope(Clue::Prototype), "*", "proto|prototype pollution|prototype poisoning|pollution of prototype*|pollutes the prototype|pollute the prototype|pollutes object|polluted prototype|object prototype|array prototype|constructor prototype|prototype chain|prototypverschmutzung|prototypen verschmutz*|pollution de prototype*|pollution du prototype|contaminacion de prototipo*|contaminacion del prototipo|poluicao de prototipo*|poluicao do prototipo|inquinamento del prototipo|загрязнение прототипа|загрязнения прототипа|загрязнение прототипов|プロトタイプ汚染|原型污染|原型链污染|原型鏈污染|프로토타입 오염"),
    (Scope(Clue::SearchPath), "*", "search path|search order|untrusted path|node path|ld preload|ld library path|dyld insert libraries|dll hijack*|dll planting|dll preload*|dll side loading|dll sideloading|binary planting|path environment|path variable|pathext|current working directory|loads from the current directory|from the working directory|loaded from the current|misconfigured static|misconfigured root|misconfiguration of static|static root|serve the root|serves the root|serving the root|serve static from|static files from the|static folder set to|exposes the whole disk|suchpfad*|chemin de recherche|ruta de busqueda|caminho de busca|percorso di ricerca|путь поиска|пути поиска|検索パス|サーチパス|搜索路径|검색 경로"),
    (Scope(Clue::Environment), "*", "environment variable*|env variable*|env var*|environment of the|the environment|its environment|their environment|process env|node env|dotenv file|env file|config file|configuration file|settings file|configuration of the server|umgebungsvariable*|umgebung des|umgebung der|konfigurationsdatei*|variable denvironnement|variables denvironnement|lenvironnement|fichier de configuration|variable de entorno|variables de entorno|archivo de configuracion|variavel de ambiente|variaveis de ambiente|arquivo de configuracao|variabile dambiente|variabili dambiente|variabile di ambiente|file di configurazione|omgevingsvariabele*|configuratiebestand*|zmienna srodowiskowa|zmiennej srodowiskowej|zmienne srodowiskowe|zmiennych srodowiskowych|plik konfiguracyjny|pliku konfiguracyjnego|ortam degisken*|переменная окружения|переменную окружения|переменной окружения|переменные окружения|переменных окружения|переменными окружения|переменная среды|переменную среды|переменные среды|файл конфигурации|файле конфигурации|環境変数|設定ファイル|环境变量|環境變數|配置文件|환경 변수|환경변수|설정 파일"),
    (Scope(Clue::Changes), "*", "set|sets|setting|change*|changing|modif*|tamper*|write|writes|control|controls|controlled|switch|switches|overwrite*|overwrit*|manipulat*|edit|edits|inject*|override*|overrid*|poison*|supply|supplies|setzen|setzt|andert|andern|verandert|verandern|manipulier*|schreiben|kontrolliert|modifier|modifie|changer|change|ecrire|controle*|modificar|modifica|cambiar|cambia|escribir|controla*|alterar|altera|mudar|definir|define|modificare|modifica|cambiare|impostare|wijzig*|aanpas*|instellen|zmieni*|ustawi*|degistir*|ayarla*|измен*|установ*|подмен*|управля*|задать|задаёт|задает|変更|書き換え|設定でき|操作|修改|更改|设置為|设置为|控制|篡改|변경|수정|조작|설정할"),
    (Scope(Clue::Outbound), "*", "outbound|outgoing|upstream|fetches|fetching|http client|http request to|requests to a slow|slow server|slow upstream|slow backend|remote server never|backend never|proxied request*|proxy request*|calls to other|call to another server|connects to a server|connections to a|ausgehend*|gegenstelle|sortant*|connexions sortantes|saliente*|conexiones salientes|de saida|in uscita|uitgaand*|wychodzac*|giden|исходящ*|外部への|アウトバウンド|外向き|出站|外发|아웃바운드|외부로"),
    (Scope(Clue::Exhausts), "*", "exhaust*|memory|cpu|hang|hangs|block|blocks|blocked|resource*|slow|slows|starv*|pile up|piles up|out of sockets|file descriptor*|connection pool|consum*|oom|denial of service|dos|never ends|never end|erschopf*|speicher*|blockiert|hangt|epuise*|memoire|bloque*|agota*|memoria|bloquea|esgota*|trava|esaur*|blocca|uitgeput|geheugen|wyczerp*|pamiec*|tukenir|bellek*|исчерп*|памят*|зависа*|枯渇|メモリ|停止|ハング|耗尽|内存|卡死|고갈|메모리|멈"),
    (Scope(Clue::Runtime), "*", "bug in v8|bug in node|flaw in node|vulnerability in node|vulnerability in v8|in nodejs itself|in node js itself|in the runtime itself|in the javascript engine|javascript engine itself|the runtime itself|bug in the runtime|in the interpreter itself|in the kernel itself|end of life version|end of life versions|end of life node|eol version|eol versions|eol node|unsupported node|unmaintained node|unsupported runtime|node 0 10|node 0 12|node 4|node 6|node 8|node 10|node 12|node 14|node js 0 10|node js 6|node js 8|node js 10|node js 12|node js 14|nodejs 8|nodejs 10|nodejs 12|nodejs 14|v8 engine|v8 itself|libuv|fehler in node|im runtime selbst|in der laufzeitumgebung|dans node js|en node js mismo|en el runtime|no runtime|nel runtime|в самом node|в движке v8|nodejs自体|ランタイム自体|运行时本身|v8引擎|런타임 자체"),
];
