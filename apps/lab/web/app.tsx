import { useEffect } from 'preact/hooks'
import { Home } from './pages/home.tsx'
import { ScenarioPage } from './pages/scenario.tsx'
import { Unknown } from './pages/unknown.tsx'
import { Footer, Header } from './parts/frame.tsx'
import { GoneNotice } from './parts/gone-notice.tsx'
import { TourBar } from './parts/tour-bar.tsx'
import { route } from './state/route.ts'

export function App() {
  const now = route.value
  useEffect(() => {
    if (now.page !== 'scenario') document.title = now.page === 'home' ? 'Tiercel lab' : 'Not here · Tiercel lab'
  }, [now])
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <Header />
      <GoneNotice />
      <main id="main" tabIndex={-1}>
        {now.page === 'home' && <Home />}
        {now.page === 'scenario' && <ScenarioPage key={now.id} id={now.id} query={now.query} />}
        {now.page === 'unknown' && <Unknown />}
      </main>
      <Footer />
      <TourBar />
    </>
  )
}
