//! What the folders say, on its way to the loop.

use tokio::sync::mpsc;

use super::reading::News;

/// News in the order in which it came.
pub(super) struct Arrivals {
    /// Taken, and put back.
    first: Option<News>,
    rest: mpsc::Receiver<News>,
}

impl Arrivals {
    pub(super) fn of(rest: mpsc::Receiver<News>) -> Arrivals {
        Arrivals { first: None, rest }
    }

    /// The next. May be dropped while it waits.
    pub(super) async fn next(&mut self) -> Option<News> {
        match self.first.take() {
            Some(first) => Some(first),
            None => self.rest.recv().await,
        }
    }

    /// The next, if it is here.
    pub(super) fn at_hand(&mut self) -> Option<News> {
        self.first.take().or_else(|| self.rest.try_recv().ok())
    }

    /// What was taken last comes first again.
    pub(super) fn put_back(&mut self, news: News) {
        self.first = Some(news);
    }

    /// Whether something was put back.
    pub(super) fn has_first(&self) -> bool {
        self.first.is_some()
    }

    /// Takes in nothing more.
    pub(super) fn close(&mut self) {
        self.rest.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::desk::folder::{Folder, Role};

    #[tokio::test]
    async fn what_was_put_back_comes_before_what_came_after_it() {
        let (tell, rest) = mpsc::channel(4);
        let mut arrivals = Arrivals::of(rest);
        let news = |name: &str| {
            let (inbox, name, role) = ("security".to_owned(), name.to_owned(), Role::Inbox);
            News::Watching { folder: Folder { inbox, name, role } }
        };
        for name in ["first", "second"] {
            tell.send(news(name)).await.unwrap();
        }
        let first = arrivals.next().await.unwrap();
        arrivals.put_back(first);
        assert!(arrivals.has_first());
        let mut names = Vec::new();
        while let Some(News::Watching { folder }) = arrivals.at_hand() {
            names.push(folder.name);
        }
        assert_eq!(names, ["first", "second"]);
    }
}
