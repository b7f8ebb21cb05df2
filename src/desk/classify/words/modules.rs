//! Modules of other people that reports name often, of several registries. More are told by the
//! configuration, and by the way they are spoken of.

/// Names that mean nothing else.
#[rustfmt::skip]
pub(in super::super) const NAMES: &[&str] = &[
    "actix-web", "aiohttp", "axios", "body-parser", "busboy", "cheerio", "ckeditor",
    "commons-collections", "commons-text", "connect-redis", "cookie-parser", "cookie-session",
    "core-js", "cross-spawn", "csurf", "depd", "django", "dompurify", "dotenv", "ejs",
    "encodeurl", "escape-html", "eslint", "expat", "express-fileupload", "express-jwt",
    "express-session", "express-validator", "fast-xml-parser", "fastjson", "finalhandler",
    "follow-redirects", "glob-parent", "gunicorn", "guzzle", "handlebars",
    "http-cache-semantics", "http-proxy", "http-proxy-middleware", "iconv-lite", "ip-regex",
    "ipaddr.js", "jackson-databind", "jinja2", "jquery", "js-yaml", "jsdom", "json5",
    "jsonwebtoken", "jszip", "laravel", "libcurl", "libpng", "libwebp", "libxml2",
    "loader-utils", "lodash", "log4j", "lxml", "minimatch", "minimist", "mongoose", "monolog",
    "multer", "node-fetch", "node-forge", "nodemailer", "nokogiri", "nth-check", "numpy",
    "nunjucks", "on-finished", "on-headers", "openssl", "paramiko", "parseurl", "path-parse",
    "path-to-regexp", "postcss", "proxy-addr", "pyyaml", "qs", "range-parser", "raw-body",
    "reqwest", "rustls", "rxjs", "safe-buffer", "sanitize-html", "semver", "send-seekable",
    "sequelize", "serde", "serde_json", "serialize-javascript", "serve-favicon", "serve-index",
    "serve-static", "snakeyaml", "socket.io", "sqlalchemy", "sqlite3", "superagent", "symfony",
    "tough-cookie", "type-is", "ua-parser-js", "uglify-js", "underscore.js", "undici",
    "urllib3", "webpack", "werkzeug", "word-wrap", "xml2js", "xmldom", "yargs", "yargs-parser",
    "zlib",
];

/// Names that are common words too: only together with a version or with what they are.
#[rustfmt::skip]
pub(in super::super) const WORDS: &[&str] = &[
    "accepts", "ajv", "angular", "ansi-regex", "async", "bcrypt", "bluebird", "bootstrap",
    "bytes", "certifi", "chai", "chalk", "colors", "commander", "compression", "connect",
    "content-disposition", "content-type", "cookie", "cookie-signature", "cors", "cryptography",
    "curl", "debug", "destroy", "etag", "events", "flask", "formidable", "forwarded", "fresh",
    "got", "helmet", "hyper", "immer", "inherits", "joi", "koa", "marked", "merge",
    "merge-descriptors", "methods", "mime", "mime-types", "mkdirp", "mocha", "moment", "morgan",
    "ms", "mysql", "negotiator", "netty", "pac-proxy", "passport", "pillow", "pug", "rack",
    "rails", "rand", "react", "redis", "regex", "request", "requests", "rimraf", "send", "setprototypeof", "spring", "statuses", "struts", "tar", "time", "toidentifier",
    "tornado", "twig", "underscore", "unpipe", "utils-merge", "uuid", "validator", "vary",
    "vue", "winston", "ws", "y18n",
];

/// What a module is called beside its name, in several languages, in the plain form of the tables.
#[rustfmt::skip]
pub(in super::super) const NOUNS: &[&str] = &[
    "package", "packages", "module", "modules", "library", "lib", "dependency", "middleware",
    "crate", "gem", "plugin", "addon", "npm", "pypi", "component", "paket", "modul", "bibliothek",
    "abhangigkeit", "paquet", "bibliotheque", "dependance", "paquete", "modulo", "biblioteca",
    "libreria", "dependencia", "pacote", "pacchetto", "dipendenza", "pakket", "bibliotheek",
    "afhankelijkheid", "pakiet", "biblioteka", "zaleznosc", "пакет", "пакете", "пакета", "модуль",
    "модуле", "модуля", "библиотека", "библиотеке", "библиотеки", "зависимость", "зависимости",
    "パッケージ", "モジュール", "ライブラリ", "依存", "包", "模块", "模組", "库", "依赖", "패키지", "모듈",
    "라이브러리",
];

/// Words before a name by which its writer only used it, as in `sent with axios`.
#[rustfmt::skip]
pub(in super::super) const MEANS: &[&str] = &[
    "using", "with", "via", "use", "used", "import", "require", "run", "mit", "mittels", "avec",
    "con", "com", "met", "usando", "utilisant", "ile", "through",
];
