//! Mails in the languages that letters are written in, English aside.

use watchpost::desk::language::Language;

/// A report as people write it, and one that is only a link, each with its subject.
pub(crate) struct Mails {
    pub(crate) language: Language,
    pub(crate) report: (&'static str, &'static str),
    pub(crate) link: (&'static str, &'static str),
}

pub(crate) const MAILS: [Mails; 7] = [
    Mails {
        language: Language::Spanish,
        report: (
            "La galleta de sesión viaja sin cifrar",
            "En la versión 3.2 el servidor envía la galleta de sesión sin cifrar, y cualquiera puede leerla.",
        ),
        link: (
            "Vulnerabilidad",
            "Hola, el informe está en este enlace: https://drive.example/d/17 Saludos",
        ),
    },
    Mails {
        language: Language::French,
        report: (
            "Le jeton de session est écrit dans le journal",
            "Le jeton de session est écrit dans le journal quand la requête échoue, dans la version 3.2.",
        ),
        link: (
            "Faille de sécurité",
            "Bonjour, tout est expliqué ici : https://drive.example/d/17 Cordialement",
        ),
    },
    Mails {
        language: Language::German,
        report: (
            "Prüfung der Größe fehlt",
            "Die Überprüfung der Größe fehlt in Version 3.2, eine Anfrage von 2 GB füllt den Speicher und der Server stürzt ab.",
        ),
        link: (
            "Schwachstelle",
            "Guten Abend, die Beschreibung steht unter folgendem Link: https://drive.example/d/17",
        ),
    },
    Mails {
        language: Language::Portuguese,
        report: (
            "Negação de serviço pelo cabeçalho Accept",
            "Olá, um cabeçalho Accept com vinte mil tipos deixa o servidor parado por um minuto na versão 3.2.",
        ),
        link: ("Relatório", "Olá, segue o relatório completo: https://drive.example/d/17 Obrigado"),
    },
    Mails {
        language: Language::Russian,
        report: (
            "Чтение файлов через символические ссылки",
            "Здравствуйте! При загрузке архива с символической ссылкой можно прочитать любой файл сервера, версия 3.2.",
        ),
        link: (
            "Уязвимость",
            "Здравствуйте! Нашёл уязвимость, описание по ссылке: https://drive.example/d/17",
        ),
    },
    Mails {
        language: Language::Chinese,
        report: (
            "上传头像时可以覆盖配置文件",
            "您好，在上传头像时把文件名改成带有../的路径，就可以覆盖服务器上的配置文件。影响3.2以后的版本。",
        ),
        link: (
            "漏洞报告",
            "您好，我发现了一个漏洞，详细报告请看链接：https://drive.example/d/17 谢谢！",
        ),
    },
    Mails {
        language: Language::Japanese,
        report: (
            "ファイル名の改行でログを偽装できる",
            "お世話になっております。アップロードしたファイル名に改行が含まれると、ログに偽の行を書き込めます。3.2で確認しました。よろしくお願いいたします。",
        ),
        link: (
            "脆弱性の報告",
            "お世話になっております。脆弱性を発見しました。詳細は以下のURLをご覧ください。 https://drive.example/d/17",
        ),
    },
];
